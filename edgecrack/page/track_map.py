"""The drive and its cracks on a plain map, as one inline SVG: no tiles, no network.

Local metres come from an equirectangular projection about the track's middle: over a few
kilometres its error is less than a line's width.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.records import Fix
    from edgecrack.run_reader import CrackFrame

WIDTH = 440.0
MARGIN = 34.0
LEAST_HEIGHT, MOST_HEIGHT = 260.0, 440.0
CLASSES = 4
TICK = "M-7.5 0H7.5"
DOT = "M-4 0A4 4 0 1 0 4 0A4 4 0 1 0-4 0"
_EARTH_RADIUS_M = 6_371_008.8


@dataclass(frozen=True, slots=True)
class MapFrame:
    """How places become map coordinates.

    Attributes:
        centre_deg: Latitude and longitude of the middle.
        scale: Map units a metre.
        height: Height of the map; its width is ``WIDTH``.
    """

    centre_deg: tuple[float, float]
    scale: float
    height: float

    def xy(self, place_deg: tuple[float, float]) -> tuple[float, float]:
        """Return a place's position on the map."""
        east_m, north_m = offset_m(self.centre_deg, place_deg)
        return WIDTH / 2 + east_m * self.scale, self.height / 2 - north_m * self.scale


def offset_m(
    centre_deg: tuple[float, float], place_deg: tuple[float, float]
) -> tuple[float, float]:
    """Return how many metres east and north of a centre a place is.

    >>> [round(value, 1) for value in offset_m((0.0, 10.0), (0.001, 10.001))]
    [111.2, 111.2]
    """
    shrink = math.cos(math.radians(centre_deg[0]))
    east_m = math.radians(place_deg[1] - centre_deg[1]) * shrink * _EARTH_RADIUS_M
    return east_m, math.radians(place_deg[0] - centre_deg[0]) * _EARTH_RADIUS_M


def length_m(places_deg: Sequence[tuple[float, float]]) -> float:
    """Return the length of a line of places."""
    return sum(math.hypot(*offset_m(*pair)) for pair in pairwise(places_deg))


def fit(places_deg: Sequence[tuple[float, float]]) -> MapFrame:
    """Return the map frame that shows all places as large as possible.

    Args:
        places_deg: At least one latitude and longitude.
    """
    lats, lons = zip(*places_deg, strict=True)
    centre = ((min(lats) + max(lats)) / 2, (min(lons) + max(lons)) / 2)
    half_east, half_north = offset_m(centre, (max(lats), max(lons)))
    half_east, half_north = max(half_east, 1.0), max(half_north, 1.0)
    exact_height = (WIDTH / 2 - MARGIN) / half_east * half_north * 2 + 2 * MARGIN
    height = min(max(exact_height, LEAST_HEIGHT), MOST_HEIGHT)
    scale = min((WIDTH / 2 - MARGIN) / half_east, (height / 2 - MARGIN) / half_north)
    return MapFrame(centre, scale, height)


def nice_step(limit: float) -> float:
    """Return the largest of 1, 2, 5 times a power of ten that is not above ``limit``.

    >>> nice_step(34.0), nice_step(0.7), nice_step(5.0)
    (20.0, 0.5, 5.0)
    """
    power = 10.0 ** math.floor(math.log10(limit))
    return max(step * power for step in (1, 2, 5) if step * power <= limit * (1 + 1e-9))


def grade(area_share: float, bounds: Sequence[float]) -> int:
    """Return the colour class of an area share: how many of the bounds it is above."""
    return sum(area_share > bound for bound in bounds)


def grade_bounds(crack_frames: Sequence[CrackFrame]) -> tuple[float, ...]:
    """Return the area shares that split the crack frames into ``CLASSES`` groups of equal size."""
    shares = sorted(frame.area_share for frame in crack_frames)
    if not shares:
        return ()
    return tuple(shares[len(shares) * part // CLASSES] for part in range(1, CLASSES))


def draw_map(fixes: Sequence[Fix], crack_frames: Sequence[CrackFrame], of_what: str) -> str:
    """Return the map as SVG text; without any place, a sentence that says so.

    Args:
        fixes: The track, in order of time.
        crack_frames: Frames with cracks; those without a place are left out.
        of_what: What a share of crack is a share of.
    """
    track = [(fix.lat_deg, fix.lon_deg) for fix in fixes]
    placed = [frame.place_deg for frame in crack_frames if frame.place_deg is not None]
    if not track and not placed:
        return '<p class="none">No position was known, so there is no map.</p>'
    map_frame = fit([*track, *placed])
    parts = [
        _grid(map_frame),
        _line(map_frame, track),
        _ticks(map_frame, crack_frames, of_what),
        '<path id="vehicle" class="arrow" d="M0-8 5 6 0 3-5 6Z" hidden=""/>' if track else "",
        _scale_and_north(map_frame),
    ]
    label = f"Map, north up: {len(placed)} frames with cracks"
    return (
        f'<svg id="map" viewBox="0 0 {WIDTH:.0f} {map_frame.height:.0f}" role="group" '
        f'aria-label="{escape(label)}">{"".join(parts)}</svg>'
    )


def _grid(map_frame: MapFrame) -> str:
    step = nice_step(WIDTH / map_frame.scale / 6) * map_frame.scale
    across = [WIDTH / 2 + step * n for n in range(-12, 13) if abs(step * n) < WIDTH / 2]
    down = [
        map_frame.height / 2 + step * n
        for n in range(-12, 13)
        if abs(step * n) < map_frame.height / 2
    ]
    lines = [f"M{x:.1f} 0V{map_frame.height:.0f}" for x in across]
    lines += [f"M0 {y:.1f}H{WIDTH:.0f}" for y in down]
    return f'<path class="grid" d="{"".join(lines)}"/>'


def _line(map_frame: MapFrame, track: Sequence[tuple[float, float]]) -> str:
    if not track:
        return ""
    points = [map_frame.xy(place) for place in track]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    marks = "".join(
        f'<circle class="end" cx="{x:.1f}" cy="{y:.1f}" r="4"/>'
        f'<text x="{x:.1f}" y="{y + shift:.1f}" text-anchor="middle">{name}</text>'
        for (x, y), name, shift in ((points[0], "Start", 18), (points[-1], "End", -11))
    )
    return (
        f'<polyline class="road" points="{path}"/><polyline class="track" points="{path}"/>{marks}'
    )


def _ticks(map_frame: MapFrame, crack_frames: Sequence[CrackFrame], of_what: str) -> str:
    bounds = grade_bounds(crack_frames)
    return "".join(
        _tick(number, frame, map_frame.xy(frame.place_deg), bounds, of_what)
        for number, frame in enumerate(crack_frames)
        if frame.place_deg is not None
    )


def _tick(
    number: int,
    frame: CrackFrame,
    at: tuple[float, float],
    bounds: Sequence[float],
    of_what: str,
) -> str:
    """Return a frame's mark: a line across the road, or a dot where its heading is unknown."""
    percent = f"{100 * frame.area_share:.2f} % of the {of_what}"
    label = f"Frame {frame.frame}, at {frame.media_time_s:.1f} s: crack in {percent}"
    if frame.heading_deg is None:
        kind, shape, turn_deg = (
            "dot",
            f"M-{DOT} 0A{DOT} {DOT} 0 1 0 {DOT} 0A{DOT} {DOT} 0 1 0-{DOT} 0",
            0.0,
        )
    else:
        kind, shape, turn_deg = "tick", TICK, frame.heading_deg
    return (
        f'<path class="mark {kind} g{grade(frame.area_share, bounds)}" data-number="{number}" '
        f'd="{shape}" transform="translate({at[0]:.1f} {at[1]:.1f}) rotate({turn_deg:.0f})" '
        f'role="button" tabindex="-1" aria-label="{label}"/>'
    )


def _scale_and_north(map_frame: MapFrame) -> str:
    """Return the scale bar and the north arrow."""
    bar_m = nice_step(WIDTH / map_frame.scale / 4)
    left, right, low = 14.0, 14.0 + bar_m * map_frame.scale, map_frame.height - 14
    return (
        f'<path class="bar" d="M{left} {low - 5}V{low}H{right:.1f}V{low - 5}"/>'
        f'<text x="{left + 6}" y="{low - 5}">{bar_m:g} m</text>'
        f'<g transform="translate({WIDTH - 20} 22)" role="img" aria-label="North is up">'
        '<path class="north" d="M0-13 6 8 0 4-6 8Z"/><text y="21" text-anchor="middle">N</text></g>'
    )
