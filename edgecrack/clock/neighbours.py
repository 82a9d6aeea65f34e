"""The lines of ``clock.jsonl`` that tell an instant: of a folder, or of one beside it.

A segment that was sealed before the time was known does not know it; one that followed it in the
same start of the machine does.
"""

from __future__ import annotations

import os
from itertools import islice
from operator import attrgetter
from stat import S_ISREG
from typing import TYPE_CHECKING

from edgecrack.clock.record import FILE_NAME, read_entries, resolve_ns

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgecrack.clock.record import ClockEntry

MOST_FOLDERS = 1000
"""So many are looked at: a week of segments."""

MOST_BYTES = 1 << 20
"""So much of a file is read: many times what a segment comes to."""


def entries_that_tell(
    folder: Path, own: list[ClockEntry], monotonic_ns: int, boot_id: str
) -> list[ClockEntry]:
    """Return the lines of a folder, with those of a neighbour where only they tell an instant.

    Neighbours are asked by name: those that follow, then those before it, since a clock that is set
    back changes that order. What is damaged or of another boot tells nothing.

    Args:
        folder: A run's folder, or a segment's.
        own: The lines in it, in order; without one of this boot nobody is asked, since only that
            says whether the machine was suspended since.
        monotonic_ns: The instant.
        boot_id: Which start of the machine its clock counts from.
    """
    is_told = resolve_ns(own, monotonic_ns, boot_id) is not None
    if is_told or not boot_id or boot_id not in {entry.boot_id for entry in own}:
        return own
    for data in islice(_beside(folder.resolve()), MOST_FOLDERS):
        if boot_id.encode() not in data:  # most are quickly told
            continue
        both = sorted([*own, *read_entries(data)], key=attrgetter("monotonic_ns"))
        if resolve_ns(both, monotonic_ns, boot_id) is not None:
            return both
    return own


def _beside(folder: Path) -> Iterator[bytes]:
    """Yield what the files of the folders beside one hold; links may lead elsewhere."""
    try:
        with os.scandir(folder.parent) as entries:
            names = sorted(each.name for each in entries if each.is_dir(follow_symlinks=False))
    except OSError:
        return
    following = [name for name in names if name > folder.name]
    for name in (*following, *(name for name in names if name < folder.name)):
        path = folder.parent / name / FILE_NAME
        try:
            if S_ISREG(path.lstat().st_mode):
                with path.open("rb") as file:
                    yield file.read(MOST_BYTES)
        except OSError:  # none, gone by now, or not to be read
            continue
