"""A run that is kept as one segment after the other, sealed and looked after while it goes on."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
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

    from edgecrack.recording import FolderSinks, Statement
    from edgecrack.sinks import Sink
    from edgecrack.storage import StorageSpec
    from edgecrack.storage.disk import Disk

ROLLED = "rolled"
"""The ``exit_reason`` of a segment that was closed because it was full."""

LEAST_FREE_BYTES = 16 << 20
"""Room that a new segment needs to begin with."""

LEAST_LEFT_BYTES = 8 << 20
"""Room that a segment leaves: for seals, for marks of what was uploaded, and for the outbox."""


class SegmentRecording:
    """One segment after the other in a folder that belongs to this run alone.

    Args:
        parent: Where segments are made.
        sinks: What keeps observations in a segment.
        storage: When they are rolled, and how much room they may take.
        note: Told what ``storage`` (writing) and ``room`` (what is kept) do now, and why.
        all_masks: Whether pictures of frames without a crack are kept, too.

    Raises:
        SinkError: Another process writes its segments there.
    """

    is_rolling = True

    def __init__(
        self,
        parent: Path,
        sinks: FolderSinks,
        storage: StorageSpec,
        note: Callable[[str, str, str], None] = lambda _part, _state, _reason: None,
        *,
        all_masks: bool = False,
    ) -> None:
        self._disk = LocalDisk()
        make_folders(self._disk, parent)
        self._lock = FolderLock(parent)
        self._segments = Segments(parent, sinks, self._disk, self._wake)
        self._sink = SegmentSink(
            self._segments.begin, roll_of(storage), partial(note, "storage"), all_masks=all_masks
        )
        self._housekeeper = Housekeeper(
            LocalDisk(), parent, quota_of(storage), self._segments.opened, partial(note, "room")
        )

    @property
    def path(self) -> Path:
        """See `Recording`."""
        return self._segments.path

    def begin(self, state: Callable[[], Statement]) -> list[Sink]:
        """See `Recording`. The first segment begins with the first frame."""
        self._segments.state = state
        self._housekeeper.start()
        return [self._sink]

    def previews(self, fps: float, *, in_hardware: bool) -> list[Sink]:  # noqa: ARG002
        """See `Recording`. A video is of the whole run, so segments have none."""
        return []

    def note(self, state: Callable[[], Statement]) -> None:
        """See `Recording`."""
        self._segments.state = state

    def restate(self, state: Callable[[], Statement]) -> None:
        """See `Recording`. A segment says what ran in it when it ends; ``note`` tells it."""

    def end(self, statement: Statement) -> None:
        """See `Recording`."""
        self._segments.state = lambda: statement
        segment = self._sink.finish()
        if segment is not None:
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

    def _wake(self) -> None:
        self._housekeeper.wake()


class Segments:
    """Begins segments in a folder, and knows which of them are open.

    Args:
        parent: Where they are made; it must exist.
        sinks: What keeps observations in them.
        disk: What keeps them.
        on_closed: Called whenever one is not written any more.

    Attributes:
        path: The last that was begun, or the parent.
        state: Tells what the run has come to, for the files that a segment begins and ends with;
            to be set before the first is begun.
    """

    state: Callable[[], Statement]

    def __init__(
        self,
        parent: Path,
        sinks: FolderSinks,
        disk: Disk,
        on_closed: Callable[[], None],
    ) -> None:
        self.path = self._parent = parent
        self._sinks, self._disk, self._on_closed = sinks, disk, on_closed
        self._opened: set[Path] = set()
        self._number = 0

    def opened(self) -> set[Path]:
        """Return the segments that are being written."""
        return set(self._opened)

    def begin(self) -> OpenSegment:
        """Begin a segment.

        Raises:
            SinkError: The disk takes none; nothing of it is left, if the disk can remove it.
        """
        self.check_room(LEAST_FREE_BYTES)
        name = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        folder = RunFolder.create_in(self._parent, name, self._disk)
        self._opened.add(folder.path)
        self._number += 1
        segment = OpenSegment(folder, self._number, self._disk.written_bytes, self)
        try:
            running = segment.statement("running")
            segment.sinks = begin_folder(folder, self._sinks, running)
        except SinkError:
            with suppress(SinkError):  # there is no record in it
                remove_folder(self._disk, folder.path)
            self.close(folder.path)
            raise
        self.path = folder.path
        return segment

    def check_room(self, least_bytes: int) -> None:
        """Refuse to write where the disk has less room than this.

        Raises:
            SinkError: It has.
        """
        free_bytes = self._disk.free_bytes(self._parent)
        if free_bytes < least_bytes:
            raise SinkError(
                f"{self._parent} should have {least_bytes >> 20} MiB left for segments, but has "
                f"{free_bytes >> 20}; make room"
            )

    def close(self, segment: Path) -> None:
        """Say that a segment is not written any more."""
        self._opened.discard(segment)
        self._disk.close()  # of what was appended to
        self._on_closed()


class OpenSegment:
    """A segment that is being written. Get one from ``Segments``.

    Attributes:
        sinks: What keeps its results, in the order in which they are written and synced.
    """

    sinks: Sequence[Sink] = ()

    def __init__(
        self, folder: RunFolder, number: int, written_before: int, segments: Segments
    ) -> None:
        self._folder, self._number = folder, number
        self._written_before, self._segments = written_before, segments

    def written_bytes(self) -> int:
        """See `Segment`."""
        return self._folder.disk.written_bytes - self._written_before

    def check_room(self) -> None:
        """See `Segment`."""
        self._segments.check_room(LEAST_LEFT_BYTES)

    def end(self, exit_reason: str = ROLLED) -> None:
        """See `Segment`."""
        write_last_files(self._folder, self.statement(exit_reason))
        self._segments.close(self._folder.path)

    def leave(self) -> None:
        """See `Segment`."""
        self._segments.close(self._folder.path)

    def statement(self, exit_reason: str) -> Statement:
        """Return what the run has come to, as this segment says so."""
        said = self._segments.state()
        record = replace(said.record, exit_reason=exit_reason, segment=self._number)
        return replace(said, record=record)


def quota_of(storage: StorageSpec) -> Quota:
    """Return how much room segments may take."""
    return Quota(
        most_bytes=None if storage.most_gb is None else round(1e9 * storage.most_gb),
        keep_free_bytes=storage.keep_free_mb * 1_000_000,
        overwrite=storage.overwrite,
    )


def roll_of(storage: StorageSpec) -> Roll:
    """Return when segments are rolled."""
    minutes, megabytes = storage.roll_minutes, storage.roll_mb
    return Roll(
        after_s=60 * minutes if minutes else None,
        after_bytes=round(1e6 * megabytes) if megabytes else None,
    )
