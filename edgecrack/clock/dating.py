"""Gives frames of a live source their UTC, once the clock may be believed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgecrack.clock import CLOCKS_DIFFER_NS, MOST_HELD_NS
from edgecrack.clock.kernel import read_clock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edgecrack.clock import Arrival, ClockSample, Comparison
    from edgecrack.clock.gate import ClockGate
    from edgecrack.records import Frame


class Dating:
    """Dates frames by a gate, which it keeps informed.

    Args:
        gate: Says which UTC an instant was.
        read: Reads this machine's clocks.

    Attributes:
        gate: Says which UTC an instant was.
        server_timed: Frames so far whose time is the account of the server that sent them.
    """

    def __init__(self, gate: ClockGate, read: Callable[[], ClockSample] = read_clock) -> None:
        self.gate, self._read, self.server_timed = gate, read, 0
        self._last_ns: int | None = None
        gate.sample(read())

    def hear(self, heard: Arrival | Comparison) -> None:
        """Take a time that the receiver told."""
        self.gate.sample(self._read())
        self.gate.hear(heard)

    def dated(self, frames: Iterable[Frame | None]) -> Iterator[Frame | None]:
        """Yield frames with the UTC that may be believed, or with none.

        Args:
            frames: In order; None where a live source had no picture in time.
        """
        for frame in frames:
            self.gate.sample(self._read())
            yield frame if frame is None else replace(frame, captured_ns=self._captured_ns(frame))

    def _captured_ns(self, frame: Frame) -> int | None:
        captured_ns = self.gate.utc_ns(frame.monotonic_ns)
        if captured_ns is None:
            return None
        server_ns = frame.server_ns
        if server_ns is not None and abs(server_ns - captured_ns) <= CLOCKS_DIFFER_NS:
            captured_ns = server_ns
            self.server_timed += 1
        last_ns = self._last_ns
        if last_ns is not None and 0 < last_ns - captured_ns <= MOST_HELD_NS:
            captured_ns = last_ns
        self._last_ns = captured_ns
        return captured_ns
