"""What a segment may hold after the power went: `SegmentStore`, `repair` and `seal`.

The bytes are files: the first is ``cracks.geojsonl``, and behind each ``_BETWEEN`` the next begins.
"""

from __future__ import annotations

import json
from pathlib import Path

from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.recovery import repair
from edgecrack.storage.segment import SEAL, Repairs, misfits, read_seal
from edgecrack.storage.store import SegmentStore
from tests.fuzz.target import Target
from tests.fuzz.target_seal import SEAL_TOKENS, check_seal

_DEEP = 100
_BETWEEN = b"\n\x1e\n"
_PARENT = Path("/runs")
_SEGMENT = _PARENT / "20260601T090000Z"
_LINES, _RECORD = "cracks.geojsonl", "run.json"
_NAMES = (_LINES, _RECORD, "clock.jsonl", SEAL, ".run.json.part", "masks/1.png", ".pending/2.png")


def check(data: bytes) -> object:
    """Start on such a disk, twice: the segment is sealed, and what was whole is as it was."""
    files = dict(zip(_NAMES, data.split(_BETWEEN), strict=False))
    disk = _disk(files)
    was_sealed = read_seal(disk, _SEGMENT) is not None
    store = SegmentStore(disk, _PARENT)
    store.discard_unbegun()
    store.finish_deletions()
    found = store.not_sealed()
    for segment in found:
        store.close(segment)
        assert repair(disk, segment) == Repairs(), "a second repair found something"
        assert misfits(disk, segment) == []
        _check_lines(disk, files)
        _check_record(disk, files)
    sealed = read_seal(disk, _SEGMENT) if disk.is_folder(_SEGMENT) else None
    if sealed is not None:
        check_seal(sealed)
    assert SegmentStore(disk, _PARENT).not_sealed() == []
    return was_sealed, len(found), sealed is not None


def _disk(files: dict[str, bytes]) -> MemoryDisk:
    disk = MemoryDisk()
    for folder in (_PARENT, _SEGMENT, _SEGMENT / "masks", _SEGMENT / ".pending"):
        disk.make_folder(folder)
    for name, content in files.items():
        disk.write(_SEGMENT / name, content)
    return disk


def _check_lines(disk: MemoryDisk, files: dict[str, bytes]) -> None:
    """Each line that is left is an object in UTF-8, and none that was one is lost."""
    for name in {_LINES, "clock.jsonl"} & files.keys():
        left = disk.read(_SEGMENT / name)
        assert left == b"" or left.endswith(b"\n")
        lines = left.decode("utf-8").split("\n")[:-1]
        assert all(isinstance(json.loads(line), dict) for line in lines)
        whole = [line for line in files[name].split(b"\n")[:-1] if _is_plain_object(line)]
        kept = iter(left.split(b"\n"))
        assert all(line in kept for line in whole), "a whole line was lost"


def _check_record(disk: MemoryDisk, files: dict[str, bytes]) -> None:
    before, after = _object(files[_RECORD]), _object(disk.read(_SEGMENT / _RECORD))
    is_deep = files[_RECORD].count(b"[") + files[_RECORD].count(b"{") > _DEEP  # nobody wrote that
    assert after.pop("exit_reason", None) != "running" or is_deep
    before.pop("exit_reason", None)
    assert repr(before) == repr(after)


def _is_plain_object(line: bytes) -> bool:
    """Tell whether a line is an object as this program writes it."""
    return line.startswith(b"{") and line.isascii() and b"\r" not in line and bool(_object(line))


def _object(text: bytes) -> dict[str, object]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def seeds() -> list[bytes]:
    """Return segments that were cut off, torn, and closed in order."""
    lines = b"".join(
        json.dumps({"type": "Feature", "properties": {"frame": frame, "mask": None}}).encode()
        + b"\n"
        for frame in range(4)
    )
    running, ended, oddly_named = (
        json.dumps(
            {"run_id": "r", "exit_reason": reason, "segment": 0, "source": source},
            indent=2,
            ensure_ascii=False,
        ).encode("utf-8", "backslashreplace")  # as `RunFolder.write_json` writes names
        for reason, source in (("running", "a.mp4"), ("rolled", "a.mp4"), ("running", "\udcff.mp4"))
    )
    clock = b'{"t_mono_ns": 1, "t_utc": "2026-06-01T09:00:00Z"}\n'
    return [
        _BETWEEN.join((lines, running, clock)),
        _BETWEEN.join(
            (lines[:-9], running, clock[:-1] + b"\0\0\0\n" + clock, b"{", b"{", b"p", b"q")
        ),
        _BETWEEN.join((lines, ended, clock, b"")),
        _BETWEEN.join((lines, oddly_named)),
    ]


TARGET = Target(
    check,
    seeds,
    tokens=(
        *(_BETWEEN, b'{"a": 1}\n', b"\r", b"\n", b"\0\0\0\0", b'"segment": 1', b'"running"'),
        *(
            b'"exit_reason": "running", ',
            b'"b": "\\udcff", ',
            b"{\0}\0\n\0",
            b"\0{\0}\0\n",
            b"\xff\xfe{\0}\0\n\0",
            b"{}\n",
        ),
        *(b"\xef\xbb\xbf{}\n", b'"\\udcff"', b"\x0b", b"\x1c", b"\x85", b"\xe2\x80\xa8", b"{}"),
        *(b'{"a":' * 200 + b"1" + b"}" * 200, b'"b": ' + b"[" * 500 + b"]" * 500 + b","),
        *SEAL_TOKENS,
    ),
    most_bytes=1 << 15,
)
