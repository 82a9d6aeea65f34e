"""The folder that holds a unit's segments: which of them are whole, and which must go."""

from __future__ import annotations

import json
import re
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from edgecrack.errors import SinkError
from edgecrack.storage.folders import remove_folder
from edgecrack.storage.quota import StoredSegment
from edgecrack.storage.recovery import repair
from edgecrack.storage.segment import UPLOADED, read_seal, seal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable
    from pathlib import Path

    from edgecrack.storage.disk import Disk
from edgecrack.storage.quota import Quota

_Item = TypeVar("_Item")

_NAME = re.compile(r"\d{8}T\d{6}Z(-\d{3,})?")
_DELETED = ".deleted-"
_UNBEGUN = frozenset({"masks", "frames", ".pending", ".reserve", ".run.json.part"})


class SegmentStore:
    """The segments in a folder. One thread at a time; the open ones are left alone.

    Args:
        disk: What keeps them.
        folder: Where they are; need not exist.
    """

    def __init__(self, disk: Disk, folder: Path) -> None:
        self._disk, self._folder = disk, folder
        self._seals: dict[str, tuple[int, int]] = {}  # what is sealed never changes

    def discard_unbegun(self) -> None:
        """Remove segments that have no ``run.json`` yet: only while none is open.

        Raises:
            SinkError: The disk is broken.
        """
        for name in filter(_NAME.fullmatch, self._names()):
            path = self._folder / name
            if self._disk.is_folder(path) and _UNBEGUN.issuperset(self._disk.names(path)):
                remove_folder(self._disk, path)

    def finish_deletions(self) -> list[str]:
        """Go on with deletions that were broken off; return why some could not be.

        Raises:
            SinkError: The folder cannot be read.
        """
        left = [self._folder / name for name in self._names() if name.startswith(_DELETED)]
        return _failures(partial(remove_folder, self._disk), left)

    def not_sealed(self, opened: Collection[Path] = ()) -> list[Path]:
        """Return the segments without a seal that nobody writes to, oldest first.

        Raises:
            SinkError: The disk is broken.
        """
        return [
            path
            for name in filter(_NAME.fullmatch, self._names())
            if (path := self._folder / name) not in opened
            and self._seal(name) is None
            and self._record(path).get("segment") is not None  # other runs are nobody's to change
        ]

    def close(self, segment: Path) -> bool:
        """Repair and seal a segment; return whether anything had to be repaired.

        Raises:
            SinkError: The disk is full or broken; to be tried again.
        """
        was_ended = self._record(segment).get("exit_reason") != "running"
        repairs = repair(self._disk, segment)
        order = max((sealed.order for sealed in self.sealed()), default=0) + 1
        seal(self._disk, segment, None if was_ended else repairs, order)
        return not was_ended

    def sealed(self) -> list[StoredSegment]:
        """Return all that are sealed, by name.

        Raises:
            SinkError: The disk is broken.
        """
        return [
            StoredSegment(name, *known, UPLOADED in self._disk.names(self._folder / name))
            for name in filter(_NAME.fullmatch, self._names())
            if (known := self._seal(name)) is not None
        ]

    def make_room(self, quota: Quota) -> tuple[int, list[str]]:
        """Finish deletions that were broken off, and delete what a quota says must go.

        Returns:
            How many were deleted, and why others could not be.

        Raises:
            SinkError: The disk is broken.
        """
        failures = self.finish_deletions()
        names = quota.evicted(self.sealed(), self._disk.free_bytes(self._folder))
        undone = _failures(self.delete, names)
        return len(names) - len(undone), [*failures, *undone]

    def delete(self, name: str) -> None:
        """Delete a segment: all of it is gone, or all of it is there, also after a power cut.

        Raises:
            SinkError: The disk is broken.
        """
        self._seals.pop(name, None)
        away = self._folder / f"{_DELETED}{name}"
        self._disk.rename(self._folder / name, away)
        self._disk.sync(self._folder)  # else a part of it could come back under its name
        remove_folder(self._disk, away)

    def _names(self) -> list[str]:
        return self._disk.names(self._folder) if self._disk.is_folder(self._folder) else []

    def _seal(self, name: str) -> tuple[int, int] | None:
        """Return order and size in bytes of a sealed segment, or None for one that is not."""
        if name not in self._seals:
            sealed = read_seal(self._disk, self._folder / name)
            if sealed is None:
                return None
            self._seals[name] = (sealed.order, sealed.size_bytes)
        return self._seals[name]

    def _record(self, path: Path) -> dict[str, object]:
        with suppress(SinkError, ValueError, RecursionError):
            record = json.loads(self._disk.read(path / "run.json"))
            return record if isinstance(record, dict) else {}
        return {}


def _failures(work: Callable[[_Item], object], items: Iterable[_Item]) -> list[str]:
    """Do something with each item, and return why it failed with some."""
    return [why for item in items if (why := _failure(work, item)) is not None]


def _failure(work: Callable[[_Item], object], item: _Item) -> str | None:
    try:
        work(item)
    except SinkError as error:
        return str(error)
    return None
