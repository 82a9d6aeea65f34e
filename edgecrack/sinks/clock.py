"""Keeps ``clock.jsonl`` beside the records, so that those without a time can get one later."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from edgecrack.clock.log import ClockLog
from edgecrack.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.clock.gate import ClockGate
    from edgecrack.records import Observation
    from edgecrack.storage.run_folder import RunFolder


class ClockSink:
    """A line at the start, at each change of what is believed of the clock, and at the end.

    Attributes:
        missed: Always 0: there are no pictures.
    """

    def __init__(
        self,
        folder: RunFolder,
        gate: ClockGate,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        """Remember the line of the start.

        Args:
            folder: Where to write.
            gate: What is believed of the clock.
            monotonic_ns: The monotonic clock.
        """
        self.missed = 0
        self._gate, self._monotonic_ns = gate, monotonic_ns
        self._log: ClockLog | None = ClockLog(folder)
        self._next_number = gate.entries[-1][0] + 1 if gate.entries else 0
        self._log.write(gate.entry(monotonic_ns()))

    def write(self, _observation: Observation) -> None:
        """Do nothing: the lines are those of the clock."""

    def sync(self) -> None:
        """Append the lines so far and make them durable.

        Raises:
            SinkError: The disk is full or broken; the file ends with a whole line.
        """
        if self._log is not None:
            self._take_changes(self._log)
            self._log.sync()

    def close(self) -> None:
        """Append the line of the end, if the disk takes it; safe to call twice."""
        if self._log is None:
            return
        with suppress(SinkError):  # the lines before say all that is needed
            self._take_changes(self._log)
            self._log.write(self._gate.entry(self._monotonic_ns()))
            self._log.sync()
        self._log = None

    def _take_changes(self, log: ClockLog) -> None:
        for number, entry in self._gate.entries:
            if number >= self._next_number:
                self._next_number = number + 1
                log.write(entry)
