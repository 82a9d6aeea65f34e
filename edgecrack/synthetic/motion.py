"""How the vehicle moves: how far along the road, how far off the middle, and where on Earth.

The pictures and the position log are made from this one motion, so they agree.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

EARTH_RADIUS_M = 6_371_008.8
ORIGIN_DEG = (20.4130, 52.7710)
"""Open desert without a road, so that no real road is reported as cracked."""
ALTITUDE_M = 118.4


@dataclass(frozen=True, slots=True)
class Motion:
    """A steady drive on a gently curving road.

    Attributes:
        speed_mps: Mean speed.
        heading_deg: Course at the start, clockwise from north.
    """

    speed_mps: float
    heading_deg: float = 62.0

    def along_m(self, time_s: float) -> float:
        """Return the distance since time 0; the integral of ``speed_at``."""
        swing = 1 - np.cos(0.55 * time_s)
        return float(self.speed_mps * (time_s + 0.05 * swing / 0.55))

    def speed_at(self, time_s: float) -> float:
        """Return the speed in metres a second."""
        return float(self.speed_mps * (1 + 0.05 * np.sin(0.55 * time_s)))

    def lateral_m(self, time_s: float) -> float:
        """Return how far the vehicle is to the right of the lane's middle."""
        return float(0.10 * np.sin(0.9 * time_s + 0.4) + 0.04 * np.sin(2.3 * time_s))

    def pitch_deg(self, time_s: float) -> float:
        """Return the extra pitch of the vehicle on its springs."""
        return float(0.10 * np.sin(8.7 * time_s) + 0.06 * np.sin(13.1 * time_s + 1.0))

    def heading_at(self, time_s: float) -> float:
        """Return the course over ground, 0 to 360, clockwise from north."""
        return float((self.heading_deg + 34 * np.sin(0.009 * self.along_m(time_s))) % 360)

    def place_at(self, time_s: float) -> tuple[float, float]:
        """Return latitude and longitude in degrees, on a sphere around ``ORIGIN_DEG``."""
        times = np.linspace(0, time_s, 2 + int(abs(time_s) * 50))
        course = np.radians([self.heading_at(t) for t in times])
        along = np.array([self.along_m(t) for t in times])
        step, middle = np.diff(along), (course[1:] + course[:-1]) / 2
        north, east = float((step * np.cos(middle)).sum()), float((step * np.sin(middle)).sum())
        latitude = ORIGIN_DEG[0] + np.degrees(north / EARTH_RADIUS_M)
        shrink = np.cos(np.radians(ORIGIN_DEG[0]))
        return float(latitude), ORIGIN_DEG[1] + float(np.degrees(east / EARTH_RADIUS_M / shrink))
