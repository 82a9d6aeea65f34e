"""What an ONNX file refers to is read from any bytes at all, without the ``onnx`` package.

``tests/export/test_external_data.py`` compares the answers with those of ``onnx``.
"""

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecrack.errors import BundleError
from edgecrack.onnxfile import architecture_sha256, has_external_data, weight_precision


def test_a_real_export_keeps_to_itself(tiny_bundle):
    """What the exporter writes is one file."""
    assert not has_external_data((tiny_bundle / "model.fp32.onnx").read_bytes())


def field(number, content):
    """Return a field that holds a message."""
    length, coded = len(content), bytearray()
    while length >= 0x80:
        coded.append(length & 0x7F | 0x80)
        length >>= 7
    return bytes([number << 3 | 2, *coded, length]) + content


def test_weights_elsewhere_are_found_behind_whatever_stands_before_them(tiny_bundle):
    """A whole network is searched to its end: the last tensor may be the one that points away."""
    network = (tiny_bundle / "model.fp32.onnx").read_bytes()
    for sign in (b"\x70\x01", field(13, field(1, b"location") + field(2, b"../weights"))):
        assert has_external_data(network + field(7, field(5, sign)))


def test_a_field_number_that_others_would_cut_is_refused():
    """A reader of 32 bits sees 'graph' where one of 64 sees field 7 + 2^29."""
    key = ((7 + 2**29) << 3) | 2
    varint = bytes([*((key >> shift) & 0x7F | 0x80 for shift in (0, 7, 14, 21)), key >> 28])
    with pytest.raises(BundleError):
        has_external_data(varint + b"\x00")


def test_graphs_within_graphs_have_an_end():
    """A file nested without end is refused before Python's own limit is."""
    graph = b""
    for _ in range(2000):  # a graph in an attribute of a node of a graph
        graph = field(1, field(5, field(6, graph)))
    with pytest.raises(BundleError):
        has_external_data(field(7, graph))


@pytest.mark.parametrize("dims", [field(1, b"\x03" * 65), b"\x08\x03" * 65])
def test_a_tensor_of_more_dimensions_than_any_is_refused(dims):
    """Packed or one by one: the product of a million of them would take hours."""
    network = field(7, field(5, dims + b"\x10\x01"))
    for read in (weight_precision, architecture_sha256):
        with pytest.raises(BundleError):
            read(network)


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


def test_the_architecture_is_all_but_the_weights(tiny_bundle):
    """Other weights leave its digest as it is; another name or size of anything does not."""
    whole = (tiny_bundle / "model.fp32.onnx").read_bytes()
    digest = architecture_sha256(whole)
    weights = whole.index(b"net.down.0.0.weight", whole.index(b"net.down.0.0.weight") + 1)
    start = whole.index(b"J", weights) + 8  # raw_data
    retrained = whole[:start] + bytes(64) + whole[start + 64 :]
    assert architecture_sha256(retrained) == digest
    renamed = whole.replace(b"node_relu_1", b"node_relu_2", 1)
    assert architecture_sha256(renamed) != digest
    assert architecture_sha256((tiny_bundle / "model.fp16.onnx").read_bytes()) != digest
    for data in (b"\xff", whole[:-3], b"\x3a\x05\x0a"):
        with pytest.raises(BundleError):
            architecture_sha256(data)
