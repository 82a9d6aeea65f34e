"""FP32 to FP16: the same graph, node by node, with every number in half precision.

From 11 on TensorRT takes the types of a network from its graph, and 10 does when it is asked to
(``STRONGLY_TYPED``), so FP16 has to be in the file. The graph of ``to_onnx`` makes that simple: its
one Cast of the picture says what is computed in, and everything after it follows. With that Cast
and all weights in FP16 nothing is left in FP32, and there is no Cast but those of the contract.
Batch normalisation was folded in FP32 before, so each weight is rounded once.

The edges are in FP16, too. Pixels 0..255 are whole numbers, which FP16 holds exactly up to 2048. A
level of 128 to 255 has steps of 1/8 in FP16, smaller ones have finer steps: Round finds the level
that FP32 does unless it lies within 1/8 of a half, and then the next one. Round, Clip and the last
Cast see whole numbers of 0..255, exact again.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from edgecrack.errors import EdgecrackError
from export.to_onnx import check_graph

LARGEST = float(np.finfo(np.float16).max)
"""The largest number of FP16: 65504."""

_LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
_WHOLE = (TensorProto.INT64, TensorProto.INT32)  # shapes and indices


def halved(model: bytes) -> bytes:
    """Return the FP16 file of an FP32 one.

    Args:
        model: ONNX, as made by ``to_onnx``.

    Raises:
        EdgecrackError: A weight is too large for FP16, or something would stay in FP32.
    """
    half = onnx.load_from_string(model)
    for tensor in half.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(_half(tensor))
    for node in half.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    check_half(half)
    return bytes(half.SerializeToString())


def _half(tensor: onnx.TensorProto) -> onnx.TensorProto:
    values = numpy_helper.to_array(tensor)
    largest = float(np.abs(values).max(initial=0.0))
    if not largest <= LARGEST:
        raise EdgecrackError(
            f"weights of an FP16 network must be at most {LARGEST:g}, but {tensor.name} holds "
            f"{largest:g}; train with weight decay, or leave fp16 out with --precision."
        )
    return numpy_helper.from_array(values.astype(np.float16), tensor.name)


def check_half(model: onnx.ModelProto) -> None:
    """Refuse a graph that is not FP16 from the first Cast to the last.

    Raises:
        EdgecrackError: It breaks the contract of ``to_onnx``, its types cannot be told, a number
            is of another type than FP16, a layer does not compute in FP16, or there is a Cast
            besides the one of ``frame`` and the one into each output.
    """
    check_graph(model)
    kinds = _kinds(model)
    layers = [node for node in model.graph.node if node.op_type in _LAYERS]
    around = [kinds[name] for node in layers for name in (*node.input, *node.output) if name]
    if not layers or set(around) != {TensorProto.FLOAT16}:
        raise _no_half("must compute its layers in FP16", [*map(_name, sorted(set(around)))])
    edges = {"frame", *(output.name for output in model.graph.output)}
    allowed = {TensorProto.FLOAT16, *_WHOLE}
    islands = sorted(f"{name} ({_name(kind)})" for name, kind in kinds.items()
                     if kind not in allowed and name not in edges)  # fmt: skip
    if islands:
        raise _no_half("must hold nothing but FP16 between its edges", islands)
    casts = [node.output[0] for node in model.graph.node if node.op_type == "Cast"]
    wanted = [node.output[0] for node in model.graph.node if "frame" in node.input]
    wanted += [output.name for output in model.graph.output]
    if sorted(casts) != sorted(wanted):
        raise _no_half("must cast at its edges only", casts)


def _kinds(model: onnx.ModelProto) -> dict[str, int]:
    """Return tensor -> its type, for every tensor of a graph that the strict check agrees with."""
    inferred = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    kinds = {tensor.name: tensor.data_type for tensor in inferred.initializer}
    for value in (*inferred.input, *inferred.output, *inferred.value_info):
        kinds[value.name] = value.type.tensor_type.elem_type
    untold = [name for node in inferred.node for name in node.output if name not in kinds]
    if untold:
        raise _no_half("must have a type for every tensor", untold)
    return kinds


def _name(kind: int) -> str:
    return str(TensorProto.DataType.Name(kind))


def _no_half(wanted: str, found: list[str]) -> EdgecrackError:
    listed = ", ".join(found[:4]) or "nothing"
    return EdgecrackError(
        f"the FP16 graph {wanted}, but has {listed}; use the pinned torch version, or leave fp16 "
        "out with --precision."
    )
