"""What keeps a run: one folder from beginning to end, or one segment after the other.

Either way each folder has the layout of a run and can be read by itself. The last files of a
folder, ``report.json`` and ``run.json``, say what the run has come to when it is closed.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgecrack.sinks import open_previews, open_sinks

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from edgecrack.clock.gate import ClockGate
    from edgecrack.report import RunReport
    from edgecrack.run_record import RunRecord
    from edgecrack.sinks import OutputSpec, Sink
    from edgecrack.storage.run_folder import RunFolder
    from edgecrack.storage.totals import StorageTotals

    Followers = Callable[[RunFolder, str], Sequence[Sink]]
    FolderSinks = Callable[[RunFolder, RunRecord], list[Sink]]


def no_followers(_folder: RunFolder, _run_id: str) -> Sequence[Sink]:
    """Return nothing that would be written and synced after what keeps results in a folder."""
    return ()


@dataclass(frozen=True, slots=True)
class Statement:
    """What a run has come to so far.

    Attributes:
        record: For ``run.json``.
        report: For ``report.json``.
    """

    record: RunRecord
    report: RunReport


class Recording(Protocol):
    """What keeps a run's results.

    Attributes:
        is_rolling: Whether it wants to be told what the run has come to, again and again.
    """

    is_rolling: bool

    @property
    def path(self) -> Path:
        """The folder that is written to."""

    def begin(self, state: Callable[[], Statement]) -> list[Sink]:
        """Begin, and return what keeps observations, in the order of writing and syncing.

        Args:
            state: Tells what the run has come to; may be called by another thread.

        Raises:
            SinkError: The disk is full or broken, and is not waited for.
        """

    def previews(self, fps: float, *, in_hardware: bool) -> list[Sink]:
        """Return what only shows the run to people: see `open_previews`."""

    def note(self, state: Callable[[], Statement]) -> None:
        """Remember what tells what the run has come to; may be called by another thread."""

    def restate(self, state: Callable[[], Statement]) -> None:
        """Say anew what runs, where that is said at the beginning; called by another thread.

        Raises:
            SinkError: The disk is full or broken.
        """

    def end(self, statement: Statement) -> None:
        """Write the last files.

        Raises:
            SinkError: The disk is full or broken.
        """

    def discard_if_empty(self) -> None:
        """Take the folder back where nothing came to be in it."""

    def totals(self) -> StorageTotals | None:
        """Return what became of segments; None without any."""

    def written_bytes(self) -> int:
        """Return how many bytes of files were written so far."""

    def close(self) -> None:
        """Let go of everything; safe to call twice."""


class FolderRecording:
    """One folder for the whole run.

    Args:
        folder: New, and claimed.
        output: What is kept.
        sinks: What keeps observations in it; None is what ``output`` says, and nothing else.
    """

    is_rolling = False

    def __init__(
        self, folder: RunFolder, output: OutputSpec, sinks: FolderSinks | None = None
    ) -> None:
        self._folder, self._output, self._sinks = folder, output, sinks or sinks_of(output)
        self.path = folder.path

    def begin(self, state: Callable[[], Statement]) -> list[Sink]:
        """See `Recording`."""
        return begin_folder(self._folder, self._sinks, state())

    def previews(self, fps: float, *, in_hardware: bool) -> list[Sink]:
        """See `Recording`."""
        return open_previews(self._folder, self._output, fps, in_hardware=in_hardware)

    def note(self, state: Callable[[], Statement]) -> None:
        """See `Recording`."""

    def restate(self, state: Callable[[], Statement]) -> None:
        """See `Recording`."""
        self._folder.write_json("run.json", state().record.as_json())

    def end(self, statement: Statement) -> None:
        """See `Recording`."""
        write_last_files(self._folder, statement)

    def discard_if_empty(self) -> None:
        """See `Recording`."""
        self._folder.discard_if_empty()

    def totals(self) -> StorageTotals | None:
        """See `Recording`."""
        return None

    def written_bytes(self) -> int:
        """See `Recording`."""
        return self._folder.disk.written_bytes

    def close(self) -> None:
        """See `Recording`."""
        self._folder.disk.close()


def begin_folder(folder: RunFolder, sinks: FolderSinks, statement: Statement) -> list[Sink]:
    """Write a folder's first files, and return what keeps observations in it.

    Args:
        folder: New, and claimed.
        output: What is kept.
        statement: For ``run.json``.
        followers: Return what is synced last: when it is, the folder's records are durable.

    Args:
        folder: New, and claimed.
        sinks: Opens what keeps observations.
        statement: What the run has come to.

    Raises:
        SinkError: The disk is full or broken.
    """
    folder.reserve()
    folder.write_json("run.json", statement.record.as_json())
    return sinks(folder, statement.record)


def sinks_of(
    output: OutputSpec, gate: ClockGate | None = None, followers: Followers = no_followers
) -> FolderSinks:
    """Return what opens the sinks of a folder.

    Args:
        output: What is kept.
        gate: What is believed of the clock; None where it is not asked about.
        followers: Return what is written and synced after that, for a folder and a run's id.
    """

    def opened(folder: RunFolder, record: RunRecord) -> list[Sink]:
        live = record.source.live
        sinks = open_sinks(folder, output, record.run_id, live=live, gate=gate)
        return [*sinks, *followers(folder, record.run_id)]

    return opened


def write_last_files(folder: RunFolder, statement: Statement) -> None:
    """Write a folder's last files, for which room was reserved.

    Raises:
        SinkError: The disk is broken.
    """
    folder.free_reserve()
    try:
        folder.write_json("report.json", statement.report.as_json())
    finally:
        folder.write_json("run.json", statement.record.as_json())
