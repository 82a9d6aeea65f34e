"""FP32 to FP16: the same graph, node by node, with every number in half precision.

From 11 on TensorRT takes the types of a network from its graph, and 10 does when it is asked to
(``STRONGLY_TYPED``), so FP16 has to be in the file. The graph of ``to_onnx`` makes that simple: its
one Cast of the picture says what is computed in, and everything after it follows. With that Cast
and all weights in FP16 nothing is left in FP32, and there is no Cast but those of the contract.
Batch normalisation was folded in FP32 before, so each weight is rounded once.

The edges are in FP16, too. FP16 holds pixels 0..255 exactly, and 1/256 of them, but not 1/255: so
pixels are divided by 256, and the first layer, whose weights are rounded anyhow, makes up for it.
That alone halves the pixels that differ from FP32. The answer needs no more than FP16 has: between
128 and 255 its steps are 1/8 of a level, so Round finds the level that FP32 does or, near a half,
the next one; Clip and the last Cast then see whole numbers, which are exact again.
"""

from __future__ import annotations

import numpy as np
import onnx
from onnx import TensorProto, numpy_helper

from edgecrack.errors import EdgecrackError
from export.to_onnx import check_graph

LARGEST = float(np.finfo(np.float16).max)
"""The largest number of FP16: 65504."""
LAYERS = ("Conv", "ConvTranspose", "Gemm", "MatMul")
"""Operators that have weights and add up products."""

_LEVELS = np.float32(256)
_WAY_IN = ("Cast", "Mul", "Reshape", "Transpose", "Conv")
_WHOLE = (TensorProto.INT64, TensorProto.INT32)  # shapes and indices


def halved(model: bytes) -> bytes:
    """Return the FP16 file of an FP32 one.

    Args:
        model: ONNX, as made by ``to_onnx``.

    Raises:
        EdgecrackError: A weight is too large for FP16, something would stay in FP32, or the way
            from the picture to the first layer is another than that of ``to_onnx``.
    """
    half = onnx.load_from_string(model)
    _divide_by_256(half.graph)
    for tensor in half.graph.initializer:
        if tensor.data_type == TensorProto.FLOAT:
            tensor.CopyFrom(_half(tensor))
    for node in half.graph.node:
        for attribute in node.attribute:
            if node.op_type == "Cast" and attribute.i == TensorProto.FLOAT:
                attribute.i = TensorProto.FLOAT16
    check_half(half)
    return bytes(half.SerializeToString())


def _divide_by_256(graph: onnx.GraphProto) -> None:
    """Scale pixels by a power of two, and the weights of the first layer by what is left."""
    tensors = {tensor.name: tensor for tensor in graph.initializer}
    scale, weight = (tensors[name] for name in _way_in(graph))
    factor = numpy_helper.to_array(scale) * _LEVELS
    weight.CopyFrom(numpy_helper.from_array(numpy_helper.to_array(weight) * factor, weight.name))
    scale.CopyFrom(numpy_helper.from_array(np.asarray(1 / _LEVELS), scale.name))


def _way_in(graph: onnx.GraphProto) -> list[str]:
    """Return the names of what pixels are multiplied by, and of the first layer's weights."""
    way: list[onnx.NodeProto] = []
    name = "frame"
    while not way or way[-1].op_type != "Conv":
        users = [node for node in graph.node if name in node.input and node.op_type != "Shape"]
        if len(users) != 1 or users[0].op_type not in _WAY_IN:
            kinds = [node.op_type for node in users]
            raise _no_half("must lead the picture straight to its first layer", kinds)
        way.append(users[0])
        name = users[0].output[0]
    numbers = [node.input[1] for node in way if node.op_type in {"Mul", "Conv"}]
    if len(numbers) != 2:
        raise _no_half("must scale the picture once", [node.op_type for node in way])
    return numbers


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
    layers = [node for node in model.graph.node if node.op_type in LAYERS]
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
