"""Writes ``clock.jsonl`` into a folder of results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.clock.record import FILE_NAME

if TYPE_CHECKING:
    from edgecrack.clock.record import ClockEntry
    from edgecrack.storage.run_folder import RunFolder


class ClockLog:
    """Appends lines, which wait in memory until ``sync``; every line on the disk is whole.

    Args:
        folder: Where to write.
    """

    def __init__(self, folder: RunFolder) -> None:
        self._folder, self._path = folder, folder.path / FILE_NAME
        self._waiting: list[ClockEntry] = []
        self._exists = False

    def write(self, entry: ClockEntry) -> None:
        """Remember a line."""
        self._waiting.append(entry)

    def sync(self) -> None:
        """Append all lines so far and make them durable.

        Raises:
            SinkError: The disk is full or broken; the file ends with a whole line.
        """
        waiting, self._waiting = self._waiting, []
        if not waiting:
            return
        disk = self._folder.disk
        for entry in waiting:
            disk.append(self._path, entry.as_line())
        disk.sync(self._path)
        if not self._exists:
            disk.sync(self._folder.path)
            self._exists = True
