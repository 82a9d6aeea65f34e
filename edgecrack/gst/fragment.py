"""A fragment of an MP4 file, written so that every player finds its pictures."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_HAS_OFFSET, _HAS_FIRST_FLAGS = 0x1, 0x4
_FIELDS = {"duration": 0x100, "size": 0x200, "flags": 0x400, "shift": 0x800}
"""What a run may tell of each of its samples, in the order of the file."""
_DEFAULTS = {"duration": 0x8, "size": 0x10, "flags": 0x20}
"""What a track's header may tell of all samples whose run does not, in the order of the file."""
_BOX = struct.Struct(">I4s")


def merge_runs(fragment: bytes) -> bytes:
    """Return the ``moof`` box of one track, of the same length, with all samples in one run.

    mp4mux of GStreamer 1.20 begins a run with every sample, and tells of the first run alone where
    its data are; a run that does not tell goes on behind the one before. FFmpeg, and what plays
    with it, reads such a run from the start of the fragment instead. What a single run saves
    becomes a ``free`` box: nothing that follows may move.

    Source: ISO/IEC 14496-12, sections 8.1.2, 8.8.4, 8.8.7 and 8.8.8.
    """
    (_, sequence), (_, track) = _boxes(next(_boxes(fragment))[1])
    boxes = list(_boxes(track))
    runs = [_Run.read(body) for kind, body in boxes if kind == b"trun"]
    if len(runs) < 2:
        return fragment
    kept = [(kind, body) for kind, body in boxes if kind != b"trun"]
    merged = _merged(runs, _defaults(dict(kept)[b"tfhd"]))
    whole = _box(b"traf", b"".join(_box(*box) for box in (*kept, (b"trun", merged))))
    moof = _box(b"moof", _box(b"mfhd", sequence) + whole)
    spare_bytes = len(fragment) - len(moof) - _BOX.size
    return moof + _box(b"free", bytes(spare_bytes)) if spare_bytes >= 0 else fragment


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples that lie one behind the other; of each what is told, by field."""

    version: int
    offset_bytes: int
    samples: tuple[dict[str, int], ...]

    @classmethod
    def read(cls, body: bytes) -> _Run:
        """Read the body of a ``trun`` box."""
        told, count, *values = struct.unpack(f">{len(body) // 4}I", body)
        offset_bytes = values.pop(0) if told & _HAS_OFFSET else 0
        first = {"flags": values.pop(0)} if told & _HAS_FIRST_FLAGS else {}
        names = [name for name, bit in _FIELDS.items() if told & bit]
        rows = [values[index * len(names) :][: len(names)] for index in range(count)]
        samples = [dict(zip(names, row, strict=True)) for row in rows]
        return cls(told >> 24, offset_bytes, ({**samples[0], **first}, *samples[1:]))


def _merged(runs: list[_Run], defaults: dict[str, int]) -> bytes:
    """Return the body of the run of all samples, each field of which is told where one tells it."""
    samples = [sample for run in runs for sample in run.samples]
    names = [name for name in _FIELDS if any(name in sample for sample in samples)]
    told = runs[0].version << 24 | _HAS_OFFSET | sum(_FIELDS[name] for name in names)
    values = [sample.get(name, defaults.get(name, 0)) for sample in samples for name in names]
    head = (told, len(samples), runs[0].offset_bytes)
    return struct.pack(f">{3 + len(values)}I", *head, *values)


def _defaults(header: bytes) -> dict[str, int]:
    """Read what the body of a ``tfhd`` box tells of its samples."""
    told, _track, *values = struct.unpack(f">{len(header) // 4}I", header)
    told_before = (told & 0x1) * 2 + (told >> 1 & 0x1)  # words: where data begin, description
    names = [name for name, bit in _DEFAULTS.items() if told & bit]
    return dict(zip(names, values[told_before:], strict=True))


def _boxes(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = 0
    while at < len(data):
        length, kind = _BOX.unpack_from(data, at)
        yield kind, data[at + _BOX.size : at + length]
        at += length


def _box(kind: bytes, body: bytes) -> bytes:
    return _BOX.pack(_BOX.size + len(body), kind) + body
