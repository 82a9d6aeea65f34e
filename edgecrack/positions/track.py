"""Where the camera was: a receiver's fixes in order, and the place at any instant between them.

A place is that of a fix, or interpolated between two fixes without a gap or a jump between them.
Before, after and inside gaps the answer is the reason why there is no place, never a guess.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgecrack.positions.fix_list import FixList
from edgecrack.positions.geodesy import blend_heading_deg, blend_lon_deg, speed_mps
from edgecrack.positions.heading import HeadingFilter
from edgecrack.records import UNPLACED, Fix, Placement, PositionQuality
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

MAX_SPEED_MPS = 70.0
"""No survey vehicle is faster (252 km/h): a faster step is a jump of the receiver."""

NULL_ISLAND_DEG = 1e-3
"""Receivers without a fix report (0, 0); no road comes within 100 m of it."""

REASONS = ("null_island", "hdop", "duplicate", "out_of_order", "jump")
"""Why fixes are refused; a duplicate has the same time as the fix before."""

RECOVERY_FIXES = 5
"""After this many refused fixes in a row that agree with each other, the track follows them."""


class Track:
    """Fixes in the order of time, and the place at any instant.

    Nothing is sorted: a fix earlier than the last one is refused. Headings come from a
    ``HeadingFilter``, which starts again after a gap.

    Args:
        fixes: What to add first, in order.
        max_gap_s: Two fixes at most this far apart, inclusive, are interpolated.
        max_hdop: A fix with a larger HDOP is refused; one without HDOP passes.
        keep_s: Of a live receiver: drop fixes that are this much older than the newest, and those
            of the future that a receiver's wrong date has left behind; None keeps all.
        latency_ms: How late fixes are dated: taken off the time of each.

    >>> track = Track([Fix(0, 50.0, 8.0), Fix(1_000_000_000, 50.0, 8.0001)])
    >>> round(track.at(500_000_000).pose.lon_deg, 6)
    8.00005
    >>> track.at(2_000_000_000).quality.value
    'outside'
    """

    def __init__(
        self,
        fixes: Iterable[Fix] = (),
        *,
        max_gap_s: float = 2.0,
        max_hdop: float = 5.0,
        keep_s: float | None = None,
        latency_ms: float = 0.0,
    ) -> None:
        self._max_gap_ns = round(max_gap_s * 1e9)
        self._max_hdop = max_hdop
        self._keep_ns = None if keep_s is None else round(keep_s * 1e9)
        self._latency_ns = round(latency_ms * 1e6)
        self._fixes = FixList()
        self._last: Fix | None = None  # the last of them
        self._refused = dict.fromkeys(REASONS, 0)
        self._candidates: list[Fix] = []  # the last refused fixes in a row that agree
        self._heading_filter = HeadingFilter()
        for fix in fixes:
            self.add(fix)

    def __len__(self) -> int:
        return len(self._fixes)

    @property
    def _times_ns(self) -> Sequence[int]:
        return self._fixes.times_ns

    @property
    def refused(self) -> Mapping[str, int]:
        """How many fixes were refused, for each of ``REASONS``."""
        return MappingProxyType(self._refused)

    @property
    def first_ns(self) -> int | None:
        """The time of the oldest fix kept, or None for an empty track."""
        return self._times_ns[0] if self._times_ns else None

    @property
    def last_ns(self) -> int | None:
        """The time of the newest fix, or None for an empty track."""
        return self._times_ns[-1] if self._times_ns else None

    @property
    def span(self) -> tuple[int, int] | None:
        """The times of the oldest and the newest fix, or None for an empty track."""
        return (self._times_ns[0], self._times_ns[-1]) if self._times_ns else None

    def overlaps(self, first_ns: int, last_ns: int) -> bool:
        """Tell whether any instant from first to last, inclusive, lies within the track's span."""
        span = self.span
        return span is not None and span[0] <= last_ns and first_ns <= span[1]

    def add(self, fix: Fix) -> bool:
        """Append a fix; False if it was refused (and counted)."""
        if self._latency_ns:
            fix = replace(fix, time_ns=fix.time_ns - self._latency_ns)
        reason = self._rejection(fix)
        if reason is not None and not self._recovers(fix, reason):
            self._refused[reason] += 1
            return False
        self._candidates = []
        if self._last is None or not self._joined(self._last, fix):
            self._heading_filter.forget()
        heading_deg = self._heading_filter.read(fix)
        self._last = (
            fix if heading_deg == fix.heading_deg else replace(fix, heading_deg=heading_deg)
        )
        self._fixes.append(self._last)
        if self._keep_ns is not None:
            self._fixes.drop_first(bisect_left(self._times_ns, fix.time_ns - self._keep_ns))
        return True

    def at(self, time_ns: int) -> Placement:
        """Return where the camera was at an instant, or why that is not known."""
        if not self._times_ns:
            return UNPLACED
        after = bisect_left(self._times_ns, time_ns)
        if after < len(self._times_ns) and self._times_ns[after] == time_ns:
            return Placement(PositionQuality.FIX, self._fixes[after])
        if after in {0, len(self._times_ns)}:
            return Placement(PositionQuality.OUTSIDE)
        start, end = self._fixes[after - 1], self._fixes[after]
        if not self._joined(start, end):
            return Placement(PositionQuality.GAP)
        return Placement(PositionQuality.INTERPOLATED, _between(start, end, time_ns))

    def latest(self, time_ns: int) -> Fix | None:
        """Return the reading at an instant, or the newest fix where that is older; else None.

        What lies before the first fix or in a gap is not known.
        """
        last_ns = self.last_ns
        is_after_all = last_ns is not None and time_ns > last_ns
        return self._last if is_after_all else self.at(time_ns).pose

    def _joined(self, start: Fix, end: Fix) -> bool:
        """Tell whether two consecutive fixes have no gap and no jump between them.

        After the track has followed a jump, its two sides are close in time but not in place.
        """
        near = end.time_ns - start.time_ns <= self._max_gap_ns
        return near and speed_mps(start, end) <= MAX_SPEED_MPS

    def _rejection(self, fix: Fix) -> str | None:
        """Return why a fix cannot follow the last one, or None if it can."""
        if max(abs(fix.lat_deg), abs(fix.lon_deg)) < NULL_ISLAND_DEG:
            return "null_island"
        if fix.hdop is not None and fix.hdop > self._max_hdop:
            return "hdop"
        last = self._last
        if last is None:
            return None
        if fix.time_ns == last.time_ns:
            return "duplicate"
        if fix.time_ns < last.time_ns:
            return "out_of_order"
        return "jump" if speed_mps(last, fix) > MAX_SPEED_MPS else None

    def _recovers(self, fix: Fix, reason: str) -> bool:
        """Tell whether enough refused fixes agree that the track must follow them.

        If the track has only its first fix, that was wrong in place or time and is dropped. A
        longer track is kept and continues at the new place. A recorded one never goes back in time:
        that would drop good fixes. A live one does, since its receiver goes on by the time that it
        has now: what is later is dropped, and counted as refused.
        """
        if reason not in {"jump", "out_of_order"}:
            return False
        before = self._candidates[-1] if self._candidates else None
        agrees = (
            before is not None
            and fix.time_ns > before.time_ns
            and speed_mps(before, fix) <= MAX_SPEED_MPS
        )
        self._candidates = [*self._candidates[1 - RECOVERY_FIXES :], fix] if agrees else [fix]
        if len(self._candidates) < RECOVERY_FIXES:
            return False
        if len(self._fixes) == 1:
            self._drop_from(0, reason)
            return True
        if reason == "out_of_order" and self._keep_ns is not None:
            self._drop_from(bisect_right(self._times_ns, self._candidates[0].time_ns), reason)
            return True
        return reason == "jump"

    def _drop_from(self, index: int, reason: str) -> None:
        self._refused[reason] += len(self._fixes) - index
        self._fixes.drop_from(index)
        self._last = self._fixes[-1] if self._fixes else None


def _between(start: Fix, end: Fix, time_ns: int) -> Fix:
    """Return the reading at an instant strictly between two fixes."""
    share = (time_ns - start.time_ns) / (end.time_ns - start.time_ns)
    return Fix(
        time_ns=time_ns,
        lat_deg=start.lat_deg + share * (end.lat_deg - start.lat_deg),
        lon_deg=blend_lon_deg(start.lon_deg, end.lon_deg, share),
        alt_m=_blend(start.alt_m, end.alt_m, share),
        heading_deg=_heading(start.heading_deg, end.heading_deg, share),
        speed_mps=_blend(start.speed_mps, end.speed_mps, share),
        hdop=_worse(start.hdop, end.hdop),
    )


def _blend(start: float | None, end: float | None, share: float) -> float | None:
    if start is None or end is None:
        return None
    return start + share * (end - start)


def _worse(start: float | None, end: float | None) -> float | None:
    return None if start is None or end is None else max(start, end)


def _heading(start_deg: float | None, end_deg: float | None, share: float) -> float | None:
    """Blend the short way round; where only one side is known, it is used for all instants between.

    The first heading computed from positions belongs to the second fix, and is right before it too.
    """
    if start_deg is None or end_deg is None:
        return start_deg if end_deg is None else end_deg
    return blend_heading_deg(start_deg, end_deg, share)


def describe_span(track: Track, first_ns: int, last_ns: int) -> str:
    """Return the message for a track that does not overlap a video: both ranges and what to do."""
    span = track.span
    known = f"from {to_iso(span[0])} to {to_iso(span[1])}" if span else "at no time"
    return (
        f"the track must overlap the video, but the video runs from {to_iso(first_ns)} to "
        f"{to_iso(last_ns)} and the track {known}; correct --video-start or give another track"
    )
