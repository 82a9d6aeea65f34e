"""The heading filter: the receiver's course while moving, the last good one while not."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from edgecrack.positions.geodesy import bearing_deg, circle_deg, distance_m, speed_mps

if TYPE_CHECKING:
    from edgecrack.records import Fix

SLOW_MPS = 1.5
"""Below this the course over ground is noise."""

MIN_MOVE_M = 3.0
"""Two positions less than this apart give no course: their rounding would turn it."""


class HeadingFilter:
    """Reads fixes in the order of time and remembers the last good heading.

    Where the receiver gives no course, the heading is the direction from an earlier fix at least
    ``MIN_MOVE_M`` away. Where it gives no speed, that follows from the positions too; the first
    course without a speed is accepted.
    """

    def __init__(self) -> None:
        self._good_deg: float | None = None
        self._origin: Fix | None = None  # where the next course from positions begins

    def forget(self) -> None:
        """Start again, because the next fix does not continue the drive so far."""
        self._good_deg, self._origin = None, None

    def read(self, fix: Fix) -> float | None:
        """Return the heading at the next fix, in [0, 360), or None before the first good one."""
        origin, course_deg = self._origin, fix.heading_deg
        if course_deg is None and origin is not None:
            if distance_m(origin, fix) < MIN_MOVE_M:
                return self._good_deg
            course_deg = bearing_deg(origin, fix)
        if course_deg is not None and self._speed_mps(fix) >= SLOW_MPS:
            self._good_deg = circle_deg(course_deg)
        self._origin = fix
        return self._good_deg

    def _speed_mps(self, fix: Fix) -> float:
        if fix.speed_mps is not None:
            return fix.speed_mps
        return math.inf if self._origin is None else speed_mps(self._origin, fix)
