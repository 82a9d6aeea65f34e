"""The precision of a network's weights, read without ``onnx`` and compared with what it wrote."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecrack.onnxfile import weight_precision


def model(nodes=(), initializers=(), sparse=()):
    """Return a model of one graph."""
    graph = helper.make_graph(list(nodes), "g", [], [], list(initializers))
    graph.sparse_initializer.extend(sparse)
    return helper.make_model(graph)


def constant(**attributes):
    """Return a node with these attributes."""
    return helper.make_node("Constant", [], ["x"], **attributes)


def field(number, content):
    """Return a field that holds a message."""
    length, coded = len(content), bytearray()
    while length >= 0x80:
        coded.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *coded, length]) + content


def of_type(data_type, *dims):
    """Return a tensor of zeros."""
    return numpy_helper.from_array(np.zeros(dims, helper.tensor_dtype_to_np_dtype(data_type)))


@pytest.mark.parametrize(
    ("data_type", "precision"),
    [
        (TensorProto.FLOAT, "fp32"),
        (TensorProto.FLOAT16, "fp16"),
        (TensorProto.BFLOAT16, "bf16"),
        (TensorProto.DOUBLE, "fp64"),
        (TensorProto.INT8, "int8"),
        (TensorProto.UINT8, "int8"),
        (TensorProto.INT16, "int16"),
        (TensorProto.INT4, "int4"),
        (TensorProto.FLOAT8E4M3FN, "fp8"),
    ],
)
def test_the_data_type_of_the_weights_is_their_precision(data_type, precision):
    """An initializer and a Constant node's value count alike; shapes and indices do not."""
    shapes = [of_type(TensorProto.INT64, 900), of_type(TensorProto.INT32, 900)]
    weight = of_type(data_type, 3, 5)
    for made in (model(initializers=[*shapes, weight]), model([constant(value=weight)], shapes)):
        assert weight_precision(made.SerializeToString()) == precision


def test_most_elements_decide():
    """Not the number of tensors but of their elements; a tensor without dimensions is one."""
    small = [of_type(TensorProto.FLOAT, 2, 3) for _ in range(4)] + [of_type(TensorProto.FLOAT)]
    for length, precision in ((24, "fp32"), (26, "fp16")):
        made = model(initializers=[*small, of_type(TensorProto.FLOAT16, length)])
        assert weight_precision(made.SerializeToString()) == precision


def test_dimensions_in_one_field_are_read_too():
    """A writer may pack repeated numbers into one field of bytes."""
    packed = field(1, bytes([5, 7])) + bytes([2 << 3, TensorProto.FLOAT16])
    graph = field(5, packed) + field(5, of_type(TensorProto.FLOAT, 34).SerializeToString())
    assert weight_precision(field(7, graph)) == "fp16"


def test_a_network_without_weights_has_no_precision():
    """Shapes alone are none."""
    made = model(initializers=[of_type(TensorProto.INT64, 4)])
    assert weight_precision(made.SerializeToString()) == "none"


def halved(network):
    """Return an exported network with its FP32 initializers as FP16."""
    made = onnx.load_from_string(network)
    for weight in made.graph.initializer:
        if weight.data_type == TensorProto.FLOAT:
            values = numpy_helper.to_array(weight).astype(np.float16)
            weight.CopyFrom(numpy_helper.from_array(values, weight.name))
    return made.SerializeToString()


def test_an_export_is_fp32_and_fp16_once_its_weights_are(tiny_bundle):
    """The exporter's own network, as it is and with converted initializers."""
    network = (tiny_bundle / "model.fp32.onnx").read_bytes()
    assert weight_precision(network) == "fp32"
    assert weight_precision(halved(network)) == "fp16"


def test_a_quantised_network_is_int8_whatever_its_scales_and_biases():
    """QDQ: INT8 weights with FP32 scales, INT8 zero points, and INT32 biases."""
    channels = 8
    scale, zero = of_type(TensorProto.FLOAT, channels), of_type(TensorProto.INT8, channels)
    weight, bias = of_type(TensorProto.INT8, channels, 3, 3, 3), of_type(TensorProto.INT32, 400)
    names = ("weight", "scale", "zero", "bias")
    for tensor_, name in zip((weight, scale, zero, bias), names, strict=True):
        tensor_.name = name
    nodes = [
        helper.make_node("DequantizeLinear", ["weight", "scale", "zero"], ["w"], axis=0),
        helper.make_node("Conv", ["x", "w"], ["y"]),
    ]
    made = model(nodes, [weight, scale, zero, bias])
    assert weight_precision(made.SerializeToString()) == "int8"
