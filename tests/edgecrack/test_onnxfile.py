"""Where an ONNX file can point at tensors elsewhere, and the precision of its weights."""

from contextlib import suppress

import numpy as np
import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper, numpy_helper

from edgecrack.errors import BundleError
from edgecrack.onnxfile import has_external_data, weight_precision


def tensor(*, outside):
    """Return a tensor that keeps its numbers here or elsewhere."""
    made = helper.make_tensor("t", TensorProto.FLOAT, [1], [1.0])
    if outside:
        del made.float_data[:]
        made.data_location = TensorProto.EXTERNAL
        made.external_data.add(key="location", value="../../etc/hostname")
    return made


def model(nodes=(), initializers=(), sparse=()):
    """Return a model of one graph."""
    graph = helper.make_graph(list(nodes), "g", [], [], list(initializers))
    graph.sparse_initializer.extend(sparse)
    return helper.make_model(graph)


def constant(**attributes):
    """Return a node with these attributes."""
    return helper.make_node("Constant", [], ["x"], **attributes)


def initializer(inside):
    """Return a model whose weights hold the tensor."""
    return model(initializers=[inside])


def attribute(inside):
    """Return a model with the tensor as a node's value."""
    return model([constant(value=inside)])


def attribute_list(inside):
    """Return a model with the tensor in a list of a node's."""
    return model([constant(tensors=[tensor(outside=False), inside])])


def subgraph(inside):
    """Return a model with the tensor in a branch of a branch."""
    inner = helper.make_graph([], "inner", [], [], [inside])
    branch = helper.make_graph([helper.make_node("If", ["c"], [], then_branch=inner)], "b", [], [])
    return model([helper.make_node("If", ["c"], [], else_branch=branch)])


def subgraph_list(inside):
    """Return a model with the tensor in one of a node's list of graphs."""
    return model([constant(graphs=[helper.make_graph([], "inner", [], [], [inside])])])


def sparse_values(inside):
    """Return a model with the tensor as values of a sparse one."""
    return model(sparse=[helper.make_sparse_tensor(inside, tensor(outside=False), [1])])


def sparse_indices(inside):
    """Return a model with the tensor as indices of a sparse one."""
    return model(sparse=[helper.make_sparse_tensor(tensor(outside=False), inside, [1])])


def sparse_attribute(inside):
    """Return a model with the tensor in a node's sparse value."""
    made = helper.make_sparse_tensor(inside, tensor(outside=False), [1])
    return model([constant(sparse_value=made)])


def sparse_attribute_list(inside):
    """Return a model with the tensor in a node's list of sparse values."""
    made = model([constant(x=1)])
    added = made.graph.node[0].attribute[0].sparse_tensors.add()
    added.values.CopyFrom(inside)
    return made


def function(inside):
    """Return a model with the tensor in a function's body."""
    made = model()
    made.functions.add().node.append(constant(value=inside))
    return made


def function_default(inside):
    """Return a model with the tensor as a function's default."""
    made = model()
    made.functions.add().attribute_proto.append(helper.make_attribute("a", inside))
    return made


def training(inside):
    """Return a model with the tensor in what prepares its training."""
    made = model()
    made.training_info.add().initialization.initializer.append(inside)
    return made


def training_step(inside):
    """Return a model with the tensor in a step of its training."""
    made = model()
    made.training_info.add().algorithm.initializer.append(inside)
    return made


PLACES = [
    initializer, attribute, attribute_list, subgraph, subgraph_list, sparse_values, sparse_indices,
    sparse_attribute, sparse_attribute_list, function, function_default, training, training_step,
]  # fmt: skip


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.__name__)
def test_a_tensor_elsewhere_is_found_in_every_place(place):
    """External data is found wherever ONNX lets a tensor stand, and only if it is there."""
    assert has_external_data(place(tensor(outside=True)).SerializeToString())
    assert not has_external_data(place(tensor(outside=False)).SerializeToString())


def test_a_location_or_its_flag_alone_is_enough():
    """A location without the flag and the flag without a location each are external data."""
    located, flagged = tensor(outside=True), tensor(outside=True)
    located.data_location = TensorProto.DEFAULT
    del flagged.external_data[:]
    for made in (located, flagged):
        assert has_external_data(initializer(made).SerializeToString())


def test_a_real_export_has_no_external_data(tiny_bundle):
    """What the exporter writes is one file."""
    assert not has_external_data((tiny_bundle / "model.96x64.fp32.onnx").read_bytes())


def test_a_field_number_that_others_would_cut_is_refused():
    """A reader of 32 bits sees 'graph' where one of 64 sees field 7 + 2^29."""
    key = ((7 + 2**29) << 3) | 2
    varint = bytes([*((key >> shift) & 0x7F | 0x80 for shift in (0, 7, 14, 21)), key >> 28])
    with pytest.raises(BundleError):
        has_external_data(varint + b"\x00")


def field(number, content):
    """Return a field that holds a message."""
    length, coded = len(content), bytearray()
    while length >= 0x80:
        coded.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *coded, length]) + content


def test_graphs_within_graphs_have_an_end():
    """A file nested without end is refused before Python's own limit is."""
    graph = b""
    for _ in range(2000):  # a graph in an attribute of a node of a graph
        graph = field(1, field(5, field(6, graph)))
    with pytest.raises(BundleError):
        has_external_data(field(7, graph))


def test_a_field_that_is_cut_is_refused():
    """A field that claims more bytes than there are is not read as if it were shorter."""
    whole = field(7, field(5, b"\x08\x03" * 4))
    assert not has_external_data(whole)
    for read in (has_external_data, weight_precision):
        with pytest.raises(BundleError):
            read(whole[:-2])


@settings(max_examples=120, deadline=None)
@given(data=st.binary(max_size=300))
def test_random_bytes_are_an_answer_or_a_bundle_error(data):
    """Bytes that are no ONNX end in a BundleError and in no other one."""
    with suppress(BundleError):
        assert has_external_data(data) in {True, False}
    with suppress(BundleError):
        assert weight_precision(data)


@settings(max_examples=80, deadline=None)
@given(data=st.data())
def test_a_damaged_model_that_onnx_still_reads_hides_nothing(data):
    """Whatever byte is altered: where ``onnx`` sees external data, so does the check."""
    made = data.draw(st.sampled_from(PLACES))(tensor(outside=True))
    text = bytearray(made.SerializeToString())
    text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    try:
        seen = onnx.load_from_string(bytes(text))
    except Exception:  # noqa: BLE001  protobuf's error is of no public class
        return
    if b"external_data" in str(seen).encode() or "EXTERNAL" in str(seen):
        with suppress(BundleError):
            assert has_external_data(bytes(text))


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
    network = (tiny_bundle / "model.96x64.fp32.onnx").read_bytes()
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
