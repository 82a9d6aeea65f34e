"""Checkpoint to ONNX: the network with its normalisation inside, height and width symbolic.

The graph takes ``frame`` uint8 (1, H, W, 3) RGB exactly as the pipeline yields it. It gives
``probability`` uint8 (1, H, W) and, where the network says what is road, ``road`` like it. H and W
are multiples of the network's stride, so nothing is padded; a backend fixes them when it loads the
file, after which they cost nothing. Cast comes first and last: TensorRT converts uint8 at the edges
of a graph only, truncates, and is undefined outside 0..255, hence Round and Clip before the last
Cast.
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
from torch.export import Dim

from edgecrack.errors import EdgecrackError
from edgecrack.manifest import MOST_PX
from edgecrack.onnxfile import HEIGHT, WIDTH
from export.equalising import equalise
from export.folding import folded
from export.uint8_model import Uint8Model, outputs_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from training.unet import UNet

OPSET = 18


def to_onnx(net: UNet, equalise_on: Sequence[torch.Tensor] = ()) -> bytes:
    """Return the ONNX file of ``net``, of any height and width that divide by its stride.

    Args:
        net: The trained network; it stays as it is.
        equalise_on: Pictures, float32 (1, 3, H, W), on which channels are brought to like ranges
            for INT8; none leaves them as they were trained.

    Raises:
        EdgecrackError: The graph breaks the contract of this file.
    """
    plain = folded(net)
    if equalise_on:
        equalise(plain, equalise_on)
    stride_px = net.spec.stride_px
    frame = torch.zeros(1, 4 * stride_px, 6 * stride_px, 3, dtype=torch.uint8)
    sides = (stride_px * Dim(name, min=2, max=MOST_PX // stride_px) for name in ("rows", "columns"))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.onnx"
        with _quiet():
            torch.onnx.export(
                Uint8Model(plain).eval(),
                (frame,),
                str(path),
                input_names=["frame"],
                output_names=outputs_of(net),
                dynamic_shapes=(dict(zip((1, 2), sides, strict=True)),),
                dynamo=True,
                opset_version=OPSET,
                external_data=False,
                verbose=False,
            )
        model = onnx.load(str(path))
    _forget_sources(model)
    _cast_first(model)
    check_graph(model)
    _name_sides(model)
    return bytes(model.SerializeToString())


def _cast_first(model: onnx.ModelProto) -> None:
    """Have the size of the picture read after the Cast: TensorRT takes uint8 into a Cast only."""
    nodes = list(model.graph.node)
    cast = next(node for node in nodes if node.op_type == "Cast" and "frame" in node.input)
    for node in nodes:
        if node.op_type == "Shape" and node.input[0] == "frame":
            node.input[0] = cast.output[0]
    del model.graph.node[:]
    model.graph.node.extend([cast, *(node for node in nodes if node is not cast)])


def _name_sides(model: onnx.ModelProto) -> None:
    """Name the two free dimensions, and drop what the exporter says of those inside."""
    del model.graph.value_info[:]
    for edge in (*model.graph.input, *model.graph.output):
        for dim, name in zip(edge.type.tensor_type.shape.dim[1:3], (HEIGHT, WIDTH), strict=True):
            dim.dim_param = name


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
