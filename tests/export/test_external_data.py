"""Every way in which an ONNX file can point at tensors elsewhere, each made with ``onnx``."""

from contextlib import suppress

import onnx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import TensorProto, helper

from edgecrack.errors import BundleError
from edgecrack.onnxfile import has_external_data


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


def test_either_sign_is_enough():
    """A location without the flag, or the flag without a location, is already too much."""
    told, flagged = tensor(outside=True), tensor(outside=True)
    told.data_location = TensorProto.DEFAULT
    del flagged.external_data[:]
    for made in (told, flagged):
        assert has_external_data(initializer(made).SerializeToString())


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
