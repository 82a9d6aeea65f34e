"""Checkpoint to ONNX: the network with its normalisation inside, one static size a file.

The graph takes ``frame`` uint8 (1, H, W, 3) RGB exactly as the pipeline yields it. It gives
``probability`` uint8 (1, H, W) and, where the network says what is road, ``road`` like it. Cast
comes first and last: TensorRT converts uint8 at the edges of a graph only, truncates, and is
undefined outside 0..255, hence Round and Clip before the last Cast.
"""

from __future__ import annotations

import contextlib
import io
import logging
import tempfile
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import onnx
import torch
from torch import nn

from edgecrack.errors import EdgecrackError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.unet import UNet

OPSET = 18


class Uint8Model(nn.Module):
    """The network as the vehicle runs it: pixels in; probability, and perhaps road, out; uint8."""

    def __init__(self, net: UNet) -> None:
        super().__init__()
        self.net = net

    def forward(self, frame: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Map uint8 (N, H, W, 3) RGB to one uint8 (N, H, W) for each of ``outputs_of``."""
        picture = (frame.to(torch.float32) * (1.0 / 255.0)).permute(0, 3, 1, 2)  # (N, 3, H, W)
        likely = torch.sigmoid(self.net(picture)).unbind(1)  # each (N, H, W)
        return tuple(
            torch.round(plane * 255.0).clamp(0.0, 255.0).to(torch.uint8) for plane in likely
        )


def outputs_of(net: UNet) -> list[str]:
    """Return the names of what the network says: ``probability``, and perhaps ``road``."""
    return ["probability", "road"] if net.spec.road else ["probability"]


def to_onnx(net: UNet, width_px: int, height_px: int) -> bytes:
    """Return the ONNX file of ``net`` for one input size.

    Raises:
        EdgecrackError: The graph breaks the contract of this file.
    """
    frame = torch.zeros(1, height_px, width_px, 3, dtype=torch.uint8)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        with _quiet():
            torch.onnx.export(
                Uint8Model(net).eval(),
                (frame,),
                str(path),
                input_names=["frame"],
                output_names=outputs_of(net),
                dynamo=True,
                opset_version=OPSET,
                external_data=False,
                verbose=False,
            )
        model = onnx.load(str(path))
    _forget_sources(model)
    check_graph(model)
    return bytes(model.SerializeToString())


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Keep the exporter's remarks about packages it does not need off the screen."""
    logging.getLogger("torch.onnx").setLevel(logging.ERROR)
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        yield


def _forget_sources(model: onnx.ModelProto) -> None:
    """Strip the stack traces, with the author's paths, that the exporter writes everywhere."""
    graph = model.graph
    owners = [model, graph, *graph.node, *graph.value_info, *graph.input, *graph.output]
    for owner in (*owners, *graph.initializer, *model.functions):
        del owner.metadata_props[:]
    for node in graph.node:
        node.doc_string = ""


def check_graph(model: onnx.ModelProto) -> None:
    """Refuse a graph that is no valid ONNX, or that TensorRT would misread at its uint8 edges.

    Raises:
        EdgecrackError: ONNX's own checker refuses it, the first node is no Cast of ``frame``, the
            last ones are not Round, Clip, Cast into each output, or a uint8 tensor appears in
            between.
    """
    try:
        onnx.checker.check_model(model, full_check=True)
    except (onnx.checker.ValidationError, onnx.shape_inference.InferenceError) as error:
        reason = str(error).strip().partition("\n")[0].rstrip(".")
        raise EdgecrackError(
            f"the exported graph must be valid ONNX, but {reason}; use the pinned torch version."
        ) from error
    users = [node.op_type for node in model.graph.node if "frame" in node.input]
    outputs = [output.name for output in model.graph.output]
    chains = [_last_nodes(model, output) for output in outputs]
    if users != ["Cast"] or any(chain != ["Round", "Clip", "Cast"] for chain in chains):
        raise EdgecrackError(
            "the ONNX graph must begin with Cast and end with Round, Clip, Cast, but begins with "
            f"{users} and ends with {chains}; use the pinned torch version."
        )
    kinds = {v.name: v.type.tensor_type.elem_type for v in model.graph.value_info}
    inside = [name for name, kind in kinds.items() if kind == onnx.TensorProto.UINT8]
    if set(inside) - {"frame", *outputs}:
        raise EdgecrackError(f"the ONNX graph must hold uint8 at its edges only, not at {inside}.")


def _last_nodes(model: onnx.ModelProto, output: str) -> list[str]:
    """Return the kinds of the last three nodes before an output."""
    makers = {name: node for node in model.graph.node for name in node.output}
    kinds: list[str] = []
    while output in makers and len(kinds) < 3:
        kinds.insert(0, makers[output].op_type)
        output = makers[output].input[0]
    return kinds


def macs(model: onnx.ModelProto) -> int:
    """Return the multiply-accumulates of all convolutions of an ONNX graph, for one frame."""
    graph = onnx.shape_inference.infer_shapes(model).graph
    shapes = {v.name: _shape(v) for v in (*graph.value_info, *graph.output, *graph.input)}
    weights = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    total = 0
    for node in graph.node:
        if node.op_type == "Conv":  # weight (out, in, kh, kw), one output pixel costs in x kh x kw
            height, width = shapes[node.output[0]][2:]
            out, inside, rows, columns = weights[node.input[1]]
            total += out * inside * rows * columns * height * width
        elif node.op_type == "ConvTranspose":  # weight (in, out, kh, kw), counted on input pixels
            height, width = shapes[node.input[0]][2:]
            inside, out, rows, columns = weights[node.input[1]]
            total += out * inside * rows * columns * height * width
    return total


def _shape(value: onnx.ValueInfoProto) -> list[int]:
    return [dim.dim_value for dim in value.type.tensor_type.shape.dim]
