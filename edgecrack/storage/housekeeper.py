"""The thread that seals closed segments, repairs those of an earlier start, and makes room."""

from __future__ import annotations

import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.store import SegmentStore

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgecrack.storage.disk import Disk
    from edgecrack.storage.quota import Quota

EACH_S = 15.0
"""How often room is looked after, and what failed is tried again."""

_END_WITHIN_S = 10.0  # what is not sealed by then is sealed at the next start


@dataclass(frozen=True, slots=True)
class Housekeeping:
    """What has been done so far.

    Attributes:
        sealed: Segments sealed.
        repaired: Those of them that nobody had closed.
        deleted: Segments deleted to make room.
    """

    sealed: int = 0
    repaired: int = 0
    deleted: int = 0


class Housekeeper:
    """Looks after the segments of a folder, beside the run that writes new ones.

    Args:
        disk: What keeps them; used by this thread alone.
        folder: Where they are.
        quota: How much room they may take.
        opened: Returns the segments that are being written.
        note: Told of a state of the room and its reason: ``enough``, ``full`` or ``failing``.
    """

    def __init__(
        self,
        disk: Disk,
        folder: Path,
        quota: Quota,
        opened: Callable[[], set[Path]],
        note: Callable[[str, str], None],
    ) -> None:
        self._disk, self._folder, self._quota = disk, folder, quota
        self._opened, self._note = opened, note
        self._store = SegmentStore(disk, folder)
        self._is_due, self._is_closed = threading.Event(), False
        self._sealed = self._repaired = self._deleted = 0
        self._thread = threading.Thread(target=self._run, name="housekeeper", daemon=True)

    def start(self) -> None:
        """Begin, while no segment is open; what an earlier start left behind is repaired first."""
        with suppress(SinkError):  # a disk that does not work now is tried again by who writes
            self._store.discard_unbegun()
        self._is_due.set()
        self._thread.start()

    def wake(self) -> None:
        """Say that a segment was closed, or that there is no room."""
        self._is_due.set()

    def done(self) -> Housekeeping:
        """Return what has been done so far."""
        return Housekeeping(self._sealed, self._repaired, self._deleted)

    def close(self) -> None:
        """Seal what is closed, and end; safe to call twice."""
        self._is_closed = True
        self._is_due.set()
        if self._thread.is_alive():
            self._thread.join(_END_WITHIN_S)
        self._disk.close()

    def round(self) -> None:
        """Make room, seal all that is closed, and make room again.

        What fails is noted and tried again in the next round, and keeps nothing else from being
        done: of a memory card that dies one file may be lost, and sealing needs room itself.
        """
        failures = [
            *self._attempt(self._make_room),
            *self._attempt(self._seal_all),
            *self._attempt(self._make_room),
        ]
        try:
            lack = self._lack()
        except SinkError as error:
            failures.append(str(error))
        if failures:
            self._note("failing", failures[0])
        else:
            self._note("full" if lack else "enough", lack)

    def _attempt(self, work: Callable[[], list[str]]) -> list[str]:
        """Return why a piece of work failed, or in which parts."""
        try:
            return work()
        except SinkError as error:
            return [str(error)]

    def _make_room(self) -> list[str]:
        done, failures = self._store.make_room(self._quota)
        self._deleted += done
        return failures

    def _seal_all(self) -> list[str]:
        failures = []
        for segment in self._store.not_sealed(self._opened()):
            if segment in self._opened():  # it was only being made a moment ago
                continue
            try:
                self._repaired += self._store.close(segment)
                self._sealed += 1
            except SinkError as error:
                failures.append(str(error))
        return failures

    def _lack(self) -> str:
        """Return what room is missing though all that may go is gone; empty for none."""
        free_bytes, quota = self._disk.free_bytes(self._folder), self._quota
        sealed_bytes = sum(segment.size_bytes for segment in self._store.sealed())
        lacks = []
        if quota.most_bytes is not None and sealed_bytes > quota.most_bytes:
            lacks.append(f"takes {sealed_bytes / 1e9:.3f} GB, at most {quota.most_bytes / 1e9:g}")
        if free_bytes < quota.keep_free_bytes:
            least_mb = quota.keep_free_bytes / 1e6
            lacks.append(f"has {free_bytes / 1e6:.0f} MB free, at least {least_mb:g}")
        if not lacks:
            return ""
        return (
            f"{self._folder} {' and '.join(lacks)} wanted, and nothing may go; upload its "
            "segments, or let storage.overwrite delete the oldest"
        )

    def _run(self) -> None:
        while not self._is_closed:
            self._is_due.wait(EACH_S)
            self._is_due.clear()
            self.round()
