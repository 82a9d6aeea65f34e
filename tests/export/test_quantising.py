"""INT8 files: what is in them for each kind of target, and that they still find the same."""

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import TensorProto, numpy_helper

from edgecrack.onnxfile import weight_precision
from edgecrack.synthetic.golden import golden_frames
from export.quantising import quantised
from export.to_onnx import to_onnx

FRAMES = list(golden_frames(96, 64).values())


@pytest.fixture(scope="module")
def whole(tiny_net):
    """Return the FP32 file."""
    return to_onnx(tiny_net)


@pytest.fixture(scope="module", params=["int8", "int8-trt"])
def made(request, whole):
    """Return each kind of INT8 file, as its name and its bytes."""
    return request.param, quantised(whole, request.param, FRAMES)


def zero_points(graph):
    """Return the zero points of all that is quantised, activations and weights apart."""
    values = {tensor.name: numpy_helper.to_array(tensor) for tensor in graph.initializer}
    weights = {name for name, value in values.items() if value.ndim == 4}
    pairs = [(node.input[0], values[node.input[2]]) for node in graph.node
             if node.op_type == "DequantizeLinear"]  # fmt: skip
    inner = [zero for name, zero in pairs if name in weights]
    outer = [zero for name, zero in pairs if name not in weights and zero.dtype != np.int32]
    return outer, inner


def test_weights_are_signed_and_have_a_scale_for_each_channel(made):
    """Both targets take weights around zero, with as many scales as channels."""
    _, data = made
    assert weight_precision(data) == "int8"
    _, weights = zero_points(onnx.load_from_string(data).graph)
    assert len(weights) >= 5
    assert all(zero.dtype == np.int8 and not zero.any() and zero.size > 1 for zero in weights)


def test_activations_are_what_the_target_wants(made):
    """Unsigned for processors; for TensorRT signed around zero, and no quantised bias."""
    precision, data = made
    graph = onnx.load_from_string(data).graph
    activations, _ = zero_points(graph)
    kind = {"int8": np.uint8, "int8-trt": np.int8}[precision]
    assert {zero.dtype.type for zero in activations} == {kind}
    if precision == "int8-trt":
        assert not any(zero.any() for zero in activations)
        assert TensorProto.INT32 not in {tensor.data_type for tensor in graph.initializer}


def test_edges_and_head_stay_as_they_were(made):
    """No pair stands before the first convolution's picture or after the head."""
    _, data = made
    graph = onnx.load_from_string(data).graph
    users = [node.op_type for node in graph.node if "frame" in node.input]
    assert users == ["Cast"]
    makers = {name: node for node in graph.node for name in node.output}
    node = makers["probability"]
    kinds = []
    while node.op_type != "Conv":
        kinds.append(node.op_type)
        node = makers[node.input[0]]
    assert "DequantizeLinear" not in kinds
    weight = next(tensor for tensor in graph.initializer if tensor.name == node.input[1])
    assert weight.data_type == TensorProto.FLOAT


def test_it_answers_nearly_as_fp32_does_at_any_size(made, whole):
    """Height and width stay free, and no probability of a golden frame is far off."""
    _, data = made
    options = {"providers": ["CPUExecutionProvider"]}
    sessions = [onnxruntime.InferenceSession(each, **options) for each in (whole, data)]
    for size_px in ((96, 64), (64, 48)):
        frame = golden_frames(*size_px)["crack"][np.newaxis]
        full, short = (session.run(None, {"frame": frame})[0].astype(int) for session in sessions)
        assert full.shape == short.shape == (1, size_px[1], size_px[0])
        assert 0 < np.abs(full - short).max() <= 12


def test_the_file_says_nothing_of_its_tools(made, whole):
    """Only the operator set that is used is declared, and the same call gives the same bytes."""
    precision, data = made
    model = onnx.load_from_string(data)
    assert [opset.domain for opset in model.opset_import] == [""]
    assert not model.metadata_props
    assert b".py" not in data
    assert quantised(whole, precision, FRAMES) == data
