"""The time by the fixes of a receiver: believed when three of them agree.

A time is heard 10 to 700 ms after it was so, as gpsd's authors measured on serial ports, with a
jitter of 100 to 300 ms. Each thus gives a lower bound of how far UTC is ahead of the monotonic
clock; the greatest of a minute is that of the least delay, and nothing is added for that delay,
which nobody knows.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edgecrack.clock import LEAST_UTC_NS, SECOND_NS

if TYPE_CHECKING:
    from edgecrack.clock import Arrival

AGREE_S = 0.5
"""So much the delays of agreeing fixes may differ: the jitter, and what a busy loop adds to it."""

LATEST_S = 0.8
"""A time is heard so late at most, if it is the fastest of several: 0.7 s on a slow serial port,
and the time to the next poll."""

WINDOW_S = 60.0
"""So long a fix counts: in a minute a crystal drifts by 3 ms."""

FRESH_S = 3.0
"""Without a fix for so long, the receiver says nothing of now."""

FEWEST, SHORTEST_S = 3, 1.0
"""So many fixes must agree, over at least this time: ten a second would prove nothing."""


class GpsTime:
    """The least that UTC can be ahead of the monotonic clock, by fixes that agree.

    Fixes agree while both clocks advance from each to the next, and their offsets lie within
    ``AGREE_S``. One that does not agree begins anew.

    Example:
        >>> from edgecrack.clock import Arrival
        >>> told, heard = GpsTime(), []
        >>> for second, late_ns in enumerate((300, 100, 200)):
        ...     told.hear(Arrival(LEAST_UTC_NS + second * SECOND_NS, second * SECOND_NS + late_ns))
        ...     heard.append(told.offset_ns)
        >>> heard == [None, None, LEAST_UTC_NS - 100]
        True
    """

    def __init__(self) -> None:
        self._last: Arrival | None = None
        self._first: Arrival | None = None
        self._offsets_ns: deque[tuple[int, int]] = deque()  # (when it was heard, offset)
        self._most_ns = 0  # the greatest of them
        self._fixes = 0

    @property
    def offset_ns(self) -> int | None:
        """The least offset that can be; None before enough fixes agree."""
        if self._fixes < FEWEST or self._first is None or self._last is None:
            return None
        if self._last.utc_ns - self._first.utc_ns < SHORTEST_S * SECOND_NS:
            return None
        return self._most_ns

    @property
    def span_s(self) -> float:
        """Over how long the fixes that count were heard."""
        return (self._offsets_ns[-1][0] - self._offsets_ns[0][0]) / SECOND_NS

    def is_fresh(self, monotonic_ns: int) -> bool:
        """Whether the last fix is of a moment ago."""
        last = self._last
        return last is not None and monotonic_ns - last.monotonic_ns <= FRESH_S * SECOND_NS

    def hear(self, arrival: Arrival) -> None:
        """Take the time of a 3D fix."""
        if arrival.utc_ns < LEAST_UTC_NS:
            self.forget()
            return
        if not self._goes_on(arrival):
            self.forget()
        self._first = self._first or arrival
        self._last = arrival
        self._fixes += 1
        self._add(arrival)

    def sharpen(self, arrival: Arrival) -> None:
        """Take a time that was heard with less delay; by itself it proves nothing."""
        if self.offset_ns is not None and self._agrees(arrival.offset_ns):
            self._add(arrival)

    def forget(self) -> None:
        """Begin anew."""
        self._first = self._last = None
        self._fixes = 0
        self._offsets_ns.clear()

    def _goes_on(self, arrival: Arrival) -> bool:
        last = self._last
        if last is None:
            return True
        passed = arrival.utc_ns > last.utc_ns and arrival.monotonic_ns > last.monotonic_ns
        return passed and self._agrees(arrival.offset_ns)

    def _agrees(self, offset_ns: int) -> bool:
        offsets_ns = [offset_ns, *(heard_ns for _, heard_ns in self._offsets_ns)]
        return max(offsets_ns) - min(offsets_ns) <= AGREE_S * SECOND_NS

    def _add(self, arrival: Arrival) -> None:
        self._offsets_ns.append((arrival.monotonic_ns, arrival.offset_ns))
        oldest_ns = arrival.monotonic_ns - round(WINDOW_S * SECOND_NS)
        while self._offsets_ns[0][0] < oldest_ns:
            self._offsets_ns.popleft()
        self._most_ns = max(offset_ns for _, offset_ns in self._offsets_ns)
