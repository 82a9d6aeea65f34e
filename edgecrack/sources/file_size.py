"""How long a video file claims to be: what tells a file that was cut off from one that ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    from pathlib import Path

_EBML, _SEGMENT = b"\x1a\x45\xdf\xa3", b"\x18\x53\x80\x67"


def claimed_bytes(path: Path) -> int | None:
    """Return the least size the file's own structure calls for, or None where it does not say.

    MP4 and MOV (ISO/IEC 14496-12, top-level boxes), Matroska and WebM (RFC 8794, the segment's
    size), AVI (the first RIFF chunk).
    """
    with path.open("rb") as file:
        start = file.read(12)
        if start[:4] == b"RIFF":
            return 8 + int.from_bytes(start[4:8], "little")
        file.seek(0)
        if start[:4] == _EBML:
            return _matroska_bytes(file)
        return _mp4_bytes(file) if start[4:8] in (b"ftyp", b"moov", b"mdat", b"wide") else None


def _mp4_bytes(file: BinaryIO) -> int | None:
    position = 0
    while len(head := file.read(16)) >= 8:
        size = int.from_bytes(head[:4], "big")
        if size == 1:  # the real size follows the type, in eight bytes
            size = int.from_bytes(head[8:16], "big")
        if size < 8:  # 0: up to the end of the file, whatever that is
            return None
        position += size
        file.seek(position)
    return position


def _matroska_bytes(file: BinaryIO) -> int | None:
    file.seek(4)
    header_bytes = _vint(file)
    if header_bytes is None:
        return None
    file.seek(header_bytes, 1)
    if file.read(4) != _SEGMENT:
        return None
    segment_bytes = _vint(file)
    return None if segment_bytes is None else file.tell() + segment_bytes


def _vint(file: BinaryIO) -> int | None:
    """Read an EBML size; None means unknown, as live streams have it."""
    first = file.read(1)
    if not first or first[0] == 0:
        return None
    length = 9 - first[0].bit_length()
    value_bits = 7 * length
    value = int.from_bytes(first + file.read(length - 1), "big") & ((1 << value_bits) - 1)
    return None if value == (1 << value_bits) - 1 else value
