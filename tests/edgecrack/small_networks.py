"""Small ONNX networks, written byte by byte, because a unit has no ``onnx`` package.

Field numbers are those of ``onnx.proto``.
"""

from __future__ import annotations

UINT8, FLOAT, INT64, BOOL = 2, 1, 7, 9  # TensorProto.DataType
FRAME = ("frame", UINT8, (1, 64, 96, 3))
PROBABILITY = ("probability", UINT8, (1, 64, 96))


def _varint(value: int) -> bytes:
    coded = bytearray()
    while value >= 0x80:
        coded.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*coded, value])


def _number(field: int, value: int) -> bytes:
    return _varint(field << 3) + _varint(value)


def _message(field: int, *content: bytes | str) -> bytes:
    whole = b"".join(part.encode() if isinstance(part, str) else part for part in content)
    return _varint(field << 3 | 2) + _varint(len(whole)) + whole


def _value_info(field: int, name: str, kind: int, shape: tuple[int | str, ...]) -> bytes:
    sizes = [_message(2, size) if isinstance(size, str) else _number(1, size) for size in shape]
    dimensions = _message(2, *(_message(1, size) for size in sizes))
    tensor = _message(1, _number(1, kind), dimensions)
    return _message(field, _message(1, name), _message(2, tensor))


def red(takes=FRAME, gives=PROBABILITY, *, channel=0, operator="Gather", more=()) -> bytes:
    """Return a network whose answer is one channel of the picture.

    Args:
        takes: The input as (name, element type, shape).
        gives: The output like it.
        channel: The channel to answer with.
        operator: Another one than the one that works.
        more: More outputs.
    """
    axis = _message(5, _message(1, "axis"), _number(3, 3), _number(20, 2))
    picture, index, answer = _message(1, takes[0]), _message(1, "channel"), _message(2, gives[0])
    node = _message(1, picture, index, answer, _message(4, operator), axis)
    copies = [_message(1, picture, _message(2, name), _message(4, "Identity")) for name, *_ in more]
    constant = _message(5, _number(2, INT64), _message(7, _varint(channel)), _message(8, "channel"))
    outputs = [_value_info(12, *told) for told in (gives, *more)]
    name, asked = _message(2, "red"), _value_info(11, *takes)
    graph = _message(7, node, *copies, name, constant, asked, *outputs)
    return _number(1, 9) + graph + _message(8, _number(2, 18))  # IR version 9, operator set 18


def red_and_green() -> bytes:
    """Return a network whose probability is the picture's red, and whose road is its green."""
    axis = _message(5, _message(1, "axis"), _number(3, 3), _number(20, 2))
    nodes = [
        _message(1, _message(1, "frame"), _message(1, f"of {answer}"), _message(2, answer),
                 _message(4, "Gather"), axis)
        for answer in ("probability", "road")
    ]  # fmt: skip
    channels = [
        _message(5, _number(2, INT64), _message(7, _varint(channel)), _message(8, f"of {answer}"))
        for channel, answer in enumerate(("probability", "road"))
    ]
    outputs = [_value_info(12, answer, *PROBABILITY[1:]) for answer in ("probability", "road")]
    graph = _message(7, *nodes, _message(2, "two"), *channels, _value_info(11, *FRAME), *outputs)
    return _number(1, 9) + graph + _message(8, _number(2, 18))


def endless_network() -> bytes:
    """Return a network that copies its picture over and over, for ever."""
    steps = [("on", "on_out"), ("picture", "picture_out")]
    copies = [
        _message(1, _message(1, old), _message(2, new), _message(4, "Identity"))
        for old, new in steps
    ]
    asked = [("step", INT64, ()), ("on", BOOL, ()), ("picture", *FRAME[1:])]
    given = [("on_out", BOOL, ()), ("picture_out", *FRAME[1:])]
    inside = [_value_info(11, *told) for told in asked] + [_value_info(12, *told) for told in given]
    body = _message(5, _message(1, "body"), _message(6, *copies, _message(2, "body"), *inside),
                    _number(20, 5))  # fmt: skip
    names = [_message(1, name) for name in ("", "true", "frame")]
    loop = _message(1, *names, _message(2, "last"), _message(4, "Loop"), body)
    axis = _message(5, _message(1, "axis"), _number(3, 3), _number(20, 2))
    gather = _message(1, _message(1, "last"), _message(1, "channel"), _message(2, "probability"),
                      _message(4, "Gather"), axis)  # fmt: skip
    constants = [
        _message(5, _number(2, kind), _message(field, _varint(value)), _message(8, name))
        for kind, field, value, name in ((INT64, 7, 0, "channel"), (BOOL, 5, 1, "true"))
    ]
    edges = _value_info(11, *FRAME) + _value_info(12, *PROBABILITY)
    graph = _message(7, loop, gather, _message(2, "endless"), *constants, edges)
    return _number(1, 9) + graph + _message(8, _number(2, 18))
