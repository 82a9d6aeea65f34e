"""A network file, before anything opens it: `onnxfile`."""

from __future__ import annotations

from contextlib import suppress

from edgecrack.errors import BundleError
from edgecrack.onnxfile import architecture_sha256, has_external_data, weight_precision
from tests.fuzz.target import Target

_EXTERNAL = b"\x3a\x04\x2a\x02\x70\x01"  # graph { initializer { data_location: EXTERNAL } }


def check(data: bytes) -> object:
    """Read it in three ways: an answer or a `BundleError`, and weights elsewhere are seen."""
    with suppress(BundleError):
        architecture_sha256(data)
    try:
        is_external = has_external_data(data)
        precision = weight_precision(data)
    except BundleError as error:
        return str(error)
    assert has_external_data(data + _EXTERNAL)
    assert not is_external or has_external_data(data + data)
    return is_external, precision


def _field(number: int, content: bytes) -> bytes:
    """Return a field of a number below 16 that holds up to 127 bytes."""
    return bytes([number << 3 | 2, len(content)]) + content


def seeds() -> list[bytes]:
    """Return a few fields that each lead to a tensor."""
    dims, data_type, weights = b"\x08\x03\x08\x04", b"\x10\x01", _field(9, bytes(12))
    tensor = dims + data_type + weights
    packed = _field(1, b"\x03\x04") + data_type
    node = _field(5, _field(5, tensor) + _field(6, _field(5, packed)))
    small = _field(7, _field(1, node) + _field(5, tensor) + _field(15, _field(1, packed)))
    return [small, small + _field(8, b"\x10\x11"), small + _EXTERNAL]


TARGET = Target(
    check,
    seeds,
    tokens=(
        *(_EXTERNAL, b"\x70\x01", b"\x6a\x00", b"\x3a", b"\x2a", b"\x0a", b"\x08\xff\xff\xff\x7f"),
        *(b"\xff" * 9 + b"\x01", b"\xff" * 10, b"\x80" * 9 + b"\x00", b"\x1d", b"\x19", b"\x0b"),
        *(b"\xa2\x01", b"\xca\x01", b"\xaa\x01", b"\x08" + b"\xff" * 9 + b"\x01"),
    ),
    most_bytes=1 << 17,
)
