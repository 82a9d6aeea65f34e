"""The time by the pulse that a receiver gives at the start of each second.

gpsd reports what this machine's clock said at the pulse, exact to microseconds, on USB to some
milliseconds. Which second it was it takes from the fixes, and may be wrong by a whole one: whoever
uses this compares it with them.
"""

from __future__ import annotations

from collections import deque

from edgecrack.clock import LEAST_UTC_NS, SECOND_NS
from edgecrack.clock.gps_time import FRESH_S

AGREE_S = 0.010
"""Pulses agree within this: on USB they come 1 ms apart."""

FEWEST = 3


class Pulses:
    """How far UTC is ahead of the monotonic clock, by the last pulses, if they agree.

    Example:
        >>> pulses = Pulses()
        >>> for second in range(3):
        ...     pulses.hear(LEAST_UTC_NS + second * SECOND_NS, second * SECOND_NS - 7)
        >>> pulses.offset_ns(2 * SECOND_NS) - LEAST_UTC_NS
        7
    """

    def __init__(self) -> None:
        self._last: deque[tuple[int, int]] = deque(maxlen=FEWEST)  # (when, offset)

    def hear(self, utc_ns: int, monotonic_ns: int) -> None:
        """Take a pulse.

        Args:
            utc_ns: The second that it began.
            monotonic_ns: When it was.
        """
        if utc_ns < LEAST_UTC_NS or (self._last and monotonic_ns <= self._last[-1][0]):
            self.forget()
        else:
            self._last.append((monotonic_ns, utc_ns - monotonic_ns))

    def offset_ns(self, monotonic_ns: int) -> int | None:
        """Return it, or None where the last ones do not agree, or are too old now."""
        if len(self._last) < FEWEST or monotonic_ns - self._last[-1][0] > FRESH_S * SECOND_NS:
            return None
        offsets_ns = [offset_ns for _, offset_ns in self._last]
        is_steady = max(offsets_ns) - min(offsets_ns) <= AGREE_S * SECOND_NS
        return offsets_ns[-1] if is_steady else None

    def forget(self) -> None:
        """Begin anew."""
        self._last.clear()
