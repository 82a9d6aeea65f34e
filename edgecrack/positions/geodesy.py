"""Distances and directions between two fixes: all the geometry a track needs.

The Earth is taken as a sphere. Against the WGS 84 ellipsoid a distance is wrong by at most 0.6 %,
far less than a receiver's own error between two fixes a second apart.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgecrack.records import Fix

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of the WGS 84 ellipsoid, (2a + b) / 3."""


def distance_m(start: Fix, end: Fix) -> float:
    """Return the great-circle distance by the haversine formula, which is exact for short ones.

    >>> from edgecrack.records import Fix
    >>> round(distance_m(Fix(0, 0.0, 0.0), Fix(0, 0.0, 1.0)))
    111195
    """
    start_lat, end_lat = math.radians(start.lat_deg), math.radians(end.lat_deg)
    half_lat = (end_lat - start_lat) / 2
    half_lon = math.radians(end.lon_deg - start.lon_deg) / 2
    chord = math.sin(half_lat) ** 2
    chord += math.cos(start_lat) * math.cos(end_lat) * math.sin(half_lon) ** 2
    return 2 * EARTH_RADIUS_M * math.asin(math.sqrt(min(1.0, chord)))


def speed_mps(start: Fix, end: Fix) -> float:
    """Return the mean speed from one fix to a later one.

    Raises:
        ValueError: ``end`` is not later than ``start``.
    """
    elapsed_ns = end.time_ns - start.time_ns
    if elapsed_ns <= 0:
        raise ValueError(f"end must be later than start, not {elapsed_ns} ns after it")
    return distance_m(start, end) * 1e9 / elapsed_ns


def bearing_deg(start: Fix, end: Fix) -> float:
    """Return the direction at ``start`` of the great circle to ``end``, in [0, 360) from north.

    >>> from edgecrack.records import Fix
    >>> bearing_deg(Fix(0, 0.0, 0.0), Fix(0, 0.0, 1.0))
    90.0
    """
    start_lat, end_lat = math.radians(start.lat_deg), math.radians(end.lat_deg)
    lon = math.radians(end.lon_deg - start.lon_deg)
    east = math.sin(lon) * math.cos(end_lat)
    north = math.cos(start_lat) * math.sin(end_lat)
    north -= math.sin(start_lat) * math.cos(end_lat) * math.cos(lon)
    return circle_deg(math.degrees(math.atan2(east, north)))


def circle_deg(angle_deg: float) -> float:
    """Return the same direction in [0, 360).

    >>> circle_deg(-90.0), circle_deg(360.0)
    (270.0, 0.0)
    """
    remainder = angle_deg % 360.0
    return 0.0 if remainder == 360.0 else remainder  # that of -1e-20 rounds up to 360


def signed_deg(angle_deg: float) -> float:
    """Return the same angle in [-180, 180): the short way round.

    >>> signed_deg(350.0 - 10.0)
    -20.0
    """
    return circle_deg(angle_deg + 180.0) - 180.0


def blend_heading_deg(start_deg: float, end_deg: float, share: float) -> float:
    """Return the heading a share (0 to 1) of the short way from one heading to another.

    >>> blend_heading_deg(350.0, 20.0, 0.5)
    5.0
    """
    return circle_deg(start_deg + share * signed_deg(end_deg - start_deg))


def blend_lon_deg(start_deg: float, end_deg: float, share: float) -> float:
    """Return the longitude a share (0 to 1) of the short way from one to another.

    >>> blend_lon_deg(179.0, -179.0, 0.75)
    -179.5
    """
    lon_deg = start_deg + share * signed_deg(end_deg - start_deg)
    if lon_deg > 180.0:
        return lon_deg - 360.0
    return lon_deg + 360.0 if lon_deg < -180.0 else lon_deg
