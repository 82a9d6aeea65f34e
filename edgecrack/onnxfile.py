"""What the tensors of an ONNX file are, read from its bytes without the ``onnx`` package.

A network may keep tensors in other files, by any path, and may hold numbers of another precision
than its name says. Both are read from the protocol-buffer wire format before anything opens the
network. Field numbers are those of ``onnx.proto``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from math import prod
from typing import TYPE_CHECKING

from edgecrack.errors import BundleError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from hashlib import _Hash

HEIGHT, WIDTH = "height", "width"
"""How a network of any size names the two dimensions that are fixed when it is loaded."""

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
_DIMS, _DATA_TYPE, _EXTERNAL_DATA, _DATA_LOCATION = 1, 2, 13, 14  # fields of TensorProto
# TensorProto.DataType -> precision. 32- and 64-bit integers are shapes, indices and INT8's biases.
_PRECISION = {
    1: "fp32", 10: "fp16", 11: "fp64", 16: "bf16",
    2: "int8", 3: "int8", 4: "int16", 5: "int16", 21: "int4", 22: "int4",
    17: "fp8", 18: "fp8", 19: "fp8", 20: "fp8", 23: "fp4",
}  # fmt: skip
_NUMBERS = {4, 5, 9, 10}  # fields of TensorProto that hold what training changes
_GRAPH, _OPERATOR_SETS = 7, 8  # fields of ModelProto that say what is computed
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types
_LARGEST_NUMBER = 2**29 - 1
_DEEPEST = _MOST_DIMENSIONS = 64  # no runtime takes a tensor of more than 8 dimensions


def has_external_data(model: bytes) -> bool:
    """Say whether an ONNX file points at tensors in other files.

    Raises:
        BundleError: ``model`` is no protocol buffer.
    """
    try:
        return any(_is_external(tensor) for tensor in _tensors(memoryview(model), "model"))
    except (IndexError, ValueError) as error:
        raise _unreadable() from error


def weight_precision(model: bytes) -> str:
    """Return the precision that most weights of an ONNX file have.

    Weights are the elements of all tensors in the file, such as initializers and the values of
    Constant nodes, but for 32- and 64-bit integers and truth values.

    Returns:
        "fp32", "fp16", "bf16", "int8" (signed or not) and the like; "none" without any weight.

    Raises:
        BundleError: ``model`` is no protocol buffer.
    """
    elements: Counter[str] = Counter({"none": 0})
    try:
        for tensor in _tensors(memoryview(model), "model"):
            data_type, count = _type_and_count(tensor)
            if data_type in _PRECISION:
                elements[_PRECISION[data_type]] += count
    except (IndexError, ValueError) as error:
        raise _unreadable() from error
    return max(elements, key=lambda precision: elements[precision])


def architecture_sha256(model: bytes) -> str:
    """Return a digest of an ONNX file that another training of the same network leaves as it is.

    It covers nodes, names, shapes and whole numbers, but no weights: not the elements of tensors
    of a precision that `weight_precision` knows.

    Raises:
        BundleError: ``model`` is no protocol buffer.
    """
    digest = hashlib.sha256()
    try:
        for number, value in message_fields(memoryview(model)):
            if number in {_GRAPH, _OPERATOR_SETS}:
                _add_architecture(digest, "graph" if number == _GRAPH else "operators", value)
    except (IndexError, ValueError) as error:
        raise _unreadable() from error
    return digest.hexdigest()


def _add_architecture(digest: _Hash, kind: str, value: memoryview | int, depth: int = 0) -> None:
    """Add a field to a digest, with all inside it but the weights."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if isinstance(value, int) or kind not in _INSIDE:
        content = str(value).encode() if isinstance(value, int) else value
        digest.update(b"%d:" % len(content))
        digest.update(content)
        return
    is_weight = kind == "tensor" and _type_and_count(value)[0] in _PRECISION
    for number, inside in message_fields(value):
        digest.update(b"%d=" % number)
        if not (is_weight and number in _NUMBERS):
            _add_architecture(digest, _INSIDE[kind].get(number, ""), inside, depth + 1)


def _unreadable() -> BundleError:
    return BundleError("the network file is no readable ONNX; export it again.")


def _tensors(message: memoryview, kind: str, depth: int = 0) -> Iterator[memoryview]:
    """Walk over every tensor in a message of a kind."""
    if depth > _DEEPEST:
        raise ValueError("nested too deeply")
    if kind == "tensor":
        yield message
        return
    for number, value in message_fields(message):
        inside = _INSIDE[kind].get(number)
        if inside and isinstance(value, memoryview):
            yield from _tensors(value, inside, depth + 1)


def _is_external(tensor: memoryview) -> bool:
    return any(
        number == _EXTERNAL_DATA or (number == _DATA_LOCATION and bool(value))
        for number, value in message_fields(tensor)
    )


def _type_and_count(tensor: memoryview) -> tuple[int, int]:
    """Return the data type of a tensor, and how many elements its dimensions make."""
    data_type, dims = 0, []
    for number, value in message_fields(tensor):
        if number == _DATA_TYPE and isinstance(value, int):
            data_type = value
        elif number == _DIMS:
            dims += [value] if isinstance(value, int) else list(_packed(value))
            if len(dims) > _MOST_DIMENSIONS:  # their product would grow without bound
                raise ValueError("too many dimensions")
    return data_type, prod(dims)


def _packed(numbers: memoryview) -> Iterator[int]:
    """Walk over numbers that were written as one field."""
    place = 0
    while place < len(numbers):
        value, place = _varint(numbers, place)
        yield value


def message_fields(message: memoryview) -> Iterator[tuple[int, memoryview | int]]:
    """Walk the fields of one protocol-buffer message: (field number, bytes or number).

    Raises:
        ValueError: It is no such message.
        IndexError: It ends in the middle of a number.
    """
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
