"""Whether a coded picture of H.264 or H.265 is whole, as far as its bytes tell without decoding.

In MP4 and Matroska each NAL unit stands behind its length (ISO/IEC 14496-15). Inside one, the bytes
00 00 00, 00 00 01 and 00 00 02 never occur, because the encoder puts a 03 between (ITU-T H.264 and
H.265, 7.4.1). A stretch of the file that was lost and reads as zeros, or as anything else, breaks
one of the two, while a decoder hides it behind pictures that look like a road.
"""

from __future__ import annotations

_ZEROS = b"\0\0\0"
_TRAILING_ZEROS = 4  # some multiplexers keep the padding that stood before the next start code


def length_bytes(media: str, configuration: bytes) -> int | None:
    """Return how many bytes hold the length of a NAL unit; None where units have no length.

    Args:
        media: The media type, such as ``video/x-h264``.
        configuration: The container's decoder configuration record (avcC or hvcC); empty where
            there is none, as in a byte stream.

    Example:
        >>> length_bytes("video/x-h264", bytes([1, 100, 0, 31, 0xFF]))
        4
        >>> length_bytes("video/x-h264", b"") is None
        True
    """
    place = {"video/x-h264": 4, "video/x-h265": 21}.get(media)
    if place is None or len(configuration) <= place or configuration[0] != 1:
        return None
    return (configuration[place] & 3) + 1


def is_whole(picture: bytes, length_bytes: int) -> bool:
    """Tell whether the NAL units of a coded picture fill it exactly and hold what units may hold.

    Args:
        picture: One picture as the container keeps it.
        length_bytes: How many bytes hold the length of a unit, 1 to 4.

    Example:
        >>> is_whole(bytes([0, 0, 0, 2, 0x65, 0x88, 0, 0, 0, 1, 0x41]), 4)
        True
        >>> is_whole(bytes([0, 0, 0, 9, 0x65, 0x88]), 4), is_whole(bytes(8), 4), is_whole(b"", 4)
        (False, False, False)
        >>> is_whole(bytes([0, 0, 0, 6, 0x65, 0, 0, 0, 0, 0x88]), 4)
        False
    """
    position = 0
    while position < len(picture):
        start = position + length_bytes
        position = start + int.from_bytes(picture[position:start], "big")
        if position == start or position > len(picture) or not _is_unit(picture[start:position]):
            return False
    return position > 0


def _is_unit(unit: bytes) -> bool:
    """Tell whether the bytes of a unit may stand there; the highest bit of the first is 0."""
    content = unit.rstrip(b"\0")
    if len(unit) - len(content) > _TRAILING_ZEROS:
        return False
    return bool(content) and content[0] < 0x80 and _ZEROS not in content
