"""What becomes of a segment that nobody closed: repaired, so that all it holds is whole.

A line counts once it is whole, a picture once it has its name; what had not come so far when the
power went is taken away and counted. Repairing twice is as good as once, so the power may also go
while a segment is repaired.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.replace_file import replace_file
from edgecrack.storage.segment import Repairs, files_of

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.storage.disk import Disk

NOT_CLOSED = "not closed: the power went, or the process was killed; repaired at a later start"
"""The ``exit_reason`` of such a segment."""

_UNFINISHED = (".pending", ".reserve")


def repair(disk: Disk, folder: Path) -> Repairs:
    """Repair a segment that nobody writes to any more; durable on return.

    Raises:
        SinkError: The disk is full or broken. What was whole is untouched.
    """
    unfinished = _remove_unfinished(disk, folder)
    torn_bytes = lines_cut = 0
    for name in disk.names(folder):
        if name.endswith((".jsonl", ".geojsonl")):
            cut = _cut_torn_lines(disk, folder / name)
            torn_bytes, lines_cut = torn_bytes + sum(cut), lines_cut + len(cut)
    _note_the_end(disk, folder / "run.json")
    disk.sync(folder)
    return Repairs(torn_bytes, lines_cut, unfinished)


def _remove_unfinished(disk: Disk, folder: Path) -> int:
    """Remove files that never came to have their name; return how many."""
    removed = 0
    for path in list(files_of(disk, folder)):
        within = path.relative_to(folder).parts
        if within[0] in _UNFINISHED or (path.name.startswith(".") and path.suffix == ".part"):
            disk.remove(path)
            removed += within[0] != ".reserve"
    if disk.is_folder(folder / ".pending"):
        disk.remove(folder / ".pending")
    return removed


def _cut_torn_lines(disk: Disk, path: Path) -> list[int]:
    """Leave the whole lines of a file of JSON lines; return the lengths of the others."""
    lines = disk.read(path).splitlines(keepends=True)
    whole = [line for line in lines if _is_whole(line)]
    if len(whole) == len(lines):
        return []
    replace_file(disk, path, b"".join(whole))
    return [len(line) for line in lines if not _is_whole(line)]


def _is_whole(line: bytes) -> bool:
    try:
        # As UTF-8: of bytes, `json` would also take UTF-16, which a reader of text stumbles over.
        return line.endswith(b"\n") and isinstance(json.loads(line.decode()), dict)
    except (ValueError, RecursionError):
        return False


def _note_the_end(disk: Disk, path: Path) -> None:
    """Say in ``run.json`` that the run did not end in order, where it says that it runs."""
    try:
        record = json.loads(disk.read(path))
        if not isinstance(record, dict) or record.get("exit_reason") != "running":
            return
        text = json.dumps(record | {"exit_reason": NOT_CLOSED}, indent=2, ensure_ascii=False)
    except (SinkError, ValueError, RecursionError):
        return  # the power went before there was one
    # As `RunFolder.write_json` does: a name that is no UTF-8 stays the JSON escapes of its bytes.
    replace_file(disk, path, text.encode("utf-8", "backslashreplace") + b"\n")
