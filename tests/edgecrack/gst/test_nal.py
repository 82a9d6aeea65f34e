"""A coded picture is whole when its units fill it and hold no bytes that no unit may hold."""

import pytest

from edgecrack.gst.nal import is_whole, length_bytes


def _picture(*units, length_bytes=4):
    return b"".join(len(unit).to_bytes(length_bytes, "big") + unit for unit in units)


_SLICE = bytes([0x65, 0x88, 0x84, 0, 0, 3, 1, 0xFF])


@pytest.mark.parametrize("size_bytes", [1, 2, 4])
def test_units_that_fill_a_picture_are_whole(size_bytes):
    """One unit or several, behind lengths of any size."""
    picture = _picture(b"\x09\x10", _SLICE, _SLICE, length_bytes=size_bytes)
    assert is_whole(picture, size_bytes)


@pytest.mark.parametrize(
    "picture",
    [
        b"",
        bytes(64),
        b"\xff" * 64,
        _picture(_SLICE)[:-1],
        _picture(_SLICE) + b"\0",
        _picture(_SLICE, b""),
        _picture(_SLICE[:4] + bytes(3) + _SLICE[4:]),
        _picture(_SLICE[:4] + bytes(40)),
        _picture(b"\x80" + _SLICE),
    ],
    ids=[
        "nothing",
        "zeros",
        "ones",
        "cut",
        "longer",
        "an empty unit",
        "three zeros within",
        "a lost tail",
        "a forbidden first bit",
    ],
)
def test_damage_is_seen(picture):
    """Lengths that do not add up, or bytes that no encoder writes."""
    assert not is_whole(picture, 4)


def test_the_padding_of_a_unit_is_no_damage():
    """A few zeros at the end of a unit come from a byte stream, where they are allowed."""
    assert is_whole(_picture(_SLICE + bytes(3), _SLICE), 4)


@pytest.mark.parametrize(
    ("media", "configuration", "size_bytes"),
    [
        ("video/x-h264", bytes([1, 100, 0, 31, 0xFF]), 4),
        ("video/x-h264", bytes([1, 100, 0, 31, 0xFD]), 2),
        ("video/x-h265", bytes([1] + [0] * 20 + [0x0F]), 4),
        ("video/x-h265", bytes([1, 100, 0, 31, 0xFF]), None),
        ("video/x-h264", b"", None),
        ("video/x-vp9", bytes(32), None),
    ],
)
def test_the_configuration_tells_the_size_of_a_length(media, configuration, size_bytes):
    """The records of H.264 and H.265 have it at their own places; others have none."""
    assert length_bytes(media, configuration) == size_bytes
