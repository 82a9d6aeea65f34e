"""What an ONNX file refers to, read from its bytes without the ``onnx`` package.

A network may keep tensors in other files, by any path it likes. This file finds that out from the
protocol-buffer wire format before anything opens the network. Field numbers are those of
``onnx.proto``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# message -> field number -> message inside; only the ways that lead to tensors.
_INSIDE: Mapping[str, Mapping[int, str]] = {
    "model": {7: "graph", 20: "training", 25: "function"},
    "training": {1: "graph", 2: "graph"},
    "graph": {1: "node", 5: "tensor", 15: "sparse"},
    "function": {7: "node", 11: "attribute"},
    "node": {5: "attribute"},
    "attribute": {5: "tensor", 6: "graph", 10: "tensor", 11: "graph", 22: "sparse", 23: "sparse"},
    "sparse": {1: "tensor", 2: "tensor"},
    "tensor": {},
}
_EXTERNAL_DATA, _DATA_LOCATION = 13, 14  # fields of TensorProto
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_LARGEST_NUMBER = 2**29 - 1
_DEEPEST = 64


def has_external_data(model: bytes) -> bool:
    """Say whether an ONNX file points at tensors in other files.

    Raises:
        BundleError: If ``model`` is no protocol buffer.
    """
    try:
        return _external(memoryview(model), "model", 0)
    except (IndexError, ValueError) as error:
        raise BundleError("the network file is no readable ONNX; export it again.") from error


def _external(message: memoryview, kind: str, depth: int) -> bool:
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    for number, value in _fields(message):
        if kind == "tensor" and (number == _EXTERNAL_DATA or (number == _DATA_LOCATION and value)):
            return True
        inside = _INSIDE[kind].get(number)
        if inside and isinstance(value, memoryview) and _external(value, inside, depth + 1):
            return True
    return False


def _fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Walk the fields of one message: (field number, bytes or number)."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, wire = key >> 3, key & 7
        if not 0 < number <= _LARGEST_NUMBER:  # other readers would cut it, and see another field
            raise ValueError(f"field number {number}")
        if wire == _VARINT:
            value, place = _varint(message, place)
            yield number, value
            continue
        if wire == _BYTES:
            length, place = _varint(message, place)
        elif wire in {_FIXED64, _FIXED32}:
            length = 8 if wire == _FIXED64 else 4
        else:
            raise ValueError(f"wire type {wire}")
        if place + length > len(message):
            raise ValueError("truncated")
        yield number, message[place : place + length]
        place += length


def _varint(message: memoryview, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        byte = message[place]
        place += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, place
        shift += 7
        if shift > 63:
            raise ValueError("number too long")
