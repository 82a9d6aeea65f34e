"""Which UTC a monotonic instant was, and from when on that may be believed.

A unit boots with a clock at 1970 or hours off, which NTP or the receiver of positions sets later,
perhaps in the middle of a run. The monotonic clock does not jump, so all is dated by it: what is
believed is one number, how far UTC is ahead of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from edgecrack.utc import utc_ns

SECOND_NS = 1_000_000_000

LEAST_UTC_NS = utc_ns("2026-01-01T00:00:00Z")
"""No clock that is right says an earlier time: one that was never set, or a receiver whose count of
weeks has begun anew."""

DRIFT_PPM = 50.0
"""A crystal that nothing disciplines drifts by less, also in a car's cold and heat."""

CLOCKS_DIFFER_NS = 2 * SECOND_NS
"""So far a server's clock may be from this unit's: pictures are that long under way at most.

Beyond it, one of the two was never set. The positions go by the unit's.
"""

MOST_HELD_NS = 2 * SECOND_NS
"""A step back of the time of capture up to this is levelled out; a longer one is followed.

The short one comes from another way to tell the time: the server's own account begins seconds after
the first picture. The long one means that the unit's clock was wrong and has been set.
"""


class TimeSource(str, Enum):
    """What tells the time."""

    NTP = "ntp"  # this machine's clock, which NTP or chrony keeps
    GPS = "gps"  # the times of the receiver's fixes, as they arrive
    PPS = "pps"  # the pulse that the receiver gives at the start of a second
    NONE = "none"  # nothing may be believed yet, or any more


@dataclass(frozen=True, slots=True)
class ClockSample:
    """This machine's clocks, read at once.

    Attributes:
        utc_ns: What it takes for UTC.
        monotonic_ns: The monotonic clock.
        is_synchronised: Whether the kernel knows that something keeps its clock.
        error_s: How far its UTC may be off then.
        asleep_ns: How long the machine has been suspended since it booted, during which the
            monotonic clock stood still.
    """

    utc_ns: int
    monotonic_ns: int
    is_synchronised: bool
    error_s: float = 0.1
    asleep_ns: int = 0

    @property
    def offset_ns(self) -> int:
        """How far its UTC is ahead of its monotonic clock; it changes only when a clock is set."""
        return self.utc_ns - self.monotonic_ns


@dataclass(frozen=True, slots=True)
class Arrival:
    """A time that a receiver told, and when that was heard: some time later.

    Attributes:
        utc_ns: What it told.
        monotonic_ns: When it was heard.
    """

    utc_ns: int
    monotonic_ns: int

    @property
    def offset_ns(self) -> int:
        """The least that UTC can be ahead of the monotonic clock."""
        return self.utc_ns - self.monotonic_ns


@dataclass(frozen=True, slots=True)
class Comparison:
    """What gpsd found when it compared a receiver's time with this machine's clock.

    Attributes:
        utc_ns: What the receiver told.
        system_ns: What this machine's clock said then.
        is_pulse: Whether at the receiver's pulse, which is exact; otherwise as with an `Arrival`.
    """

    utc_ns: int
    system_ns: int
    is_pulse: bool


@dataclass(frozen=True, slots=True)
class ClockMapping:
    """How UTC follows from the monotonic clock.

    Attributes:
        source: What told it.
        offset_ns: How far UTC is ahead of the monotonic clock; None when that is not known.
        error_s: How far that may be off, when it was told.
        as_of_ns: When that was, by the monotonic clock.
        asleep_ns: How long the machine had been suspended by then.

    Example:
        >>> mapping = ClockMapping(TimeSource.GPS, 5_000, error_s=0.9, as_of_ns=0)
        >>> mapping.utc_ns(10), mapping.error_at_s(2_000 * SECOND_NS)
        (5010, 1.0)
    """

    source: TimeSource = TimeSource.NONE
    offset_ns: int | None = None
    error_s: float = 0.0
    as_of_ns: int = 0
    asleep_ns: int = 0

    def utc_ns(self, monotonic_ns: int) -> int | None:
        """Return the UTC of an instant."""
        return None if self.offset_ns is None else monotonic_ns + self.offset_ns

    def error_at_s(self, monotonic_ns: int) -> float:
        """Return how far the UTC of an instant may be off."""
        return self.error_s + abs(monotonic_ns - self.as_of_ns) / SECOND_NS * DRIFT_PPM * 1e-6
