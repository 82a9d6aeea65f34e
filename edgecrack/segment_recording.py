"""A run that is kept as one segment after the other, sealed and looked after while it goes on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.recording import begin_folder, write_last_files
from edgecrack.sinks.segments import Roll, SegmentSink
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folder_lock import FolderLock
from edgecrack.storage.folders import make_folders, remove_folder
from edgecrack.storage.housekeeper import Housekeeper
from edgecrack.storage.quota import Quota
from edgecrack.storage.run_folder import RunFolder
from edgecrack.storage.totals import StorageTotals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edgecrack.recording import Statement
    from edgecrack.sinks import OutputSpec, Sink
    from edgecrack.storage import StorageSpec
    from edgecrack.storage.disk import Disk

ROLLED = "rolled"
"""The ``exit_reason`` of a segment that was closed because it was full."""

LEAST_FREE_BYTES = 16 << 20
"""Room that a new segment needs to begin with."""


class SegmentRecording:
    """One segment after the other in a folder that belongs to this run alone.

    Args:
        parent: Where segments are made.
        output: What is kept.
        storage: When they are rolled, and how much room they may take.
        note: Told what ``storage`` (writing) and ``room`` (what is kept) do now, and why.
        open_disk: Opens a disk: one for the run, one for the housekeeper.

    Raises:
        SinkError: Another process writes its segments there.
    """

    is_rolling = True

    def __init__(
        self,
        parent: Path,
        output: OutputSpec,
        storage: StorageSpec,
        note: Callable[[str, str, str], None] = lambda _part, _state, _reason: None,
        open_disk: Callable[[], Disk] = LocalDisk,
    ) -> None:
        self.path, self._parent, self._output = parent, parent, output
        self._disk, self._number = open_disk(), 0
        self._opened: set[Path] = set()
        make_folders(self._disk, parent)
        self._lock = FolderLock(parent)
        quota = Quota(
            most_bytes=None if storage.most_gb is None else round(storage.most_gb * 1e9),
            keep_free_bytes=storage.keep_free_mb * 1_000_000,
            overwrite=storage.overwrite,
        )
        self._housekeeper = Housekeeper(
            open_disk(), parent, quota, lambda: set(self._opened), partial(note, "room")
        )
        self._sink = SegmentSink(self._begin, roll_of(storage), partial(note, "storage"))
        self._statement: Statement | None = None

    def begin(self, statement: Statement) -> list[Sink]:
        """See `Recording`. The first segment begins with the first frame."""
        self._statement = statement
        self._housekeeper.start()
        return [self._sink]

    def previews(self, fps: float, *, in_hardware: bool) -> list[Sink]:  # noqa: ARG002
        """See `Recording`. A video is of the whole run, so segments have none."""
        return []

    def note(self, statement: Statement) -> None:
        """See `Recording`."""
        self._statement = statement

    def end(self, statement: Statement) -> None:
        """See `Recording`."""
        self._statement = statement
        segment = self._sink.finish()
        if isinstance(segment, _OpenSegment):
            segment.end(statement.record.exit_reason)
        self._housekeeper.close()

    def discard_if_empty(self) -> None:
        """See `Recording`. A segment that has begun has a first frame."""

    def totals(self) -> StorageTotals | None:
        """See `Recording`."""
        done, counts = self._housekeeper.done(), self._sink.counts
        return StorageTotals(
            segments=counts.begun,
            sealed=done.sealed,
            repaired=done.repaired,
            deleted=done.deleted,
            failures=counts.failures,
            records_held=counts.records_held,
            records_lost=counts.records_lost,
        )

    def written_bytes(self) -> int:
        """See `Recording`."""
        return self._disk.written_bytes

    def close(self) -> None:
        """See `Recording`."""
        self._housekeeper.close()
        self._disk.close()
        self._lock.close()

    def _begin(self) -> _OpenSegment:
        free_bytes = self._disk.free_bytes(self._parent)
        if free_bytes < LEAST_FREE_BYTES:
            raise SinkError(
                f"{self._parent} should have {LEAST_FREE_BYTES >> 20} MiB left for a new segment, "
                f"but has {free_bytes >> 20}; make room"
            )
        name = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        folder = RunFolder.create_in(self._parent, name, self._disk)
        self._opened.add(folder.path)
        self._number += 1
        written_before = self._disk.written_bytes
        try:
            running = as_segment(self._said(), self._number, "running")
            sinks = begin_folder(folder, self._output, running)
        except SinkError:
            with suppress(SinkError):  # there is no record in it
                remove_folder(self._disk, folder.path)
            self._closed(folder)
            raise
        self.path = folder.path
        return _OpenSegment(folder, self._number, sinks, written_before, self._said, self._closed)

    def _said(self) -> Statement:
        assert self._statement is not None  # noqa: S101  for mypy: there is one from ``begin`` on
        return self._statement

    def _closed(self, folder: RunFolder) -> None:
        self._opened.discard(folder.path)
        self._disk.close()  # what was appended to is not appended to any more
        self._housekeeper.wake()


@dataclass(frozen=True, slots=True)
class _OpenSegment:
    """A segment that is being written."""

    folder: RunFolder
    number: int
    sinks: Sequence[Sink]
    written_before: int
    statement: Callable[[], Statement]
    on_closed: Callable[[RunFolder], None]

    def written_bytes(self) -> int:
        """See `Segment`."""
        return self.folder.disk.written_bytes - self.written_before

    def end(self, exit_reason: str = ROLLED) -> None:
        """See `Segment`."""
        write_last_files(self.folder, as_segment(self.statement(), self.number, exit_reason))
        self.on_closed(self.folder)

    def leave(self) -> None:
        """See `Segment`."""
        self.on_closed(self.folder)


def as_segment(statement: Statement, number: int, exit_reason: str) -> Statement:
    """Return what a run has come to as a segment of it says so."""
    record = replace(statement.record, exit_reason=exit_reason, segment=number)
    return replace(statement, record=record)


def roll_of(storage: StorageSpec) -> Roll:
    """Return when segments are rolled."""
    minutes, megabytes = storage.roll_minutes, storage.roll_mb
    return Roll(
        after_s=None if minutes is None else 60 * minutes,
        after_bytes=None if megabytes is None else round(1e6 * megabytes),
    )
