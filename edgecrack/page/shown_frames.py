"""Which frames the page shows, and what its script is told about them."""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from edgecrack.page.thumbnails import marked
from edgecrack.page.track_map import fit, grade, grade_bounds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.page.track_map import MapFrame
    from edgecrack.records import Fix
    from edgecrack.run_reader import CrackFrame

MOST_FRAMES = 300
"""A page shows no more, each with a picture of some 20 kB."""

THUMB_PX = 320
SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class DrivenTrack:
    """Where the vehicle was all the time.

    Attributes:
        fixes: In order of time.
        start_ns: UTC of the video's first picture, which ties the track to the video.
    """

    fixes: Sequence[Fix]
    start_ns: int


def chosen(observations: Sequence[CrackFrame], most: int = MOST_FRAMES) -> tuple[CrackFrame, ...]:
    """Return all frames, or of each of ``most`` equal parts the one with the most crack."""
    count = len(observations)
    if count <= most:
        return tuple(observations)
    edges = [count * part // most for part in range(most + 1)]
    parts = (observations[left:right] for left, right in pairwise(edges))
    return tuple(max(part, key=lambda frame: frame.area_share) for part in parts)


def page_data(shown: Sequence[CrackFrame], driven: DrivenTrack | None, of_what: str) -> str:
    """Return what the page's script needs, as JSON in which no text can end a script element.

    Args:
        shown: The frames that the page shows.
        driven: Where the vehicle was, if that is known.
        of_what: What a share of crack is a share of.
    """
    bounds = grade_bounds(shown)
    places = [(fix.lat_deg, fix.lon_deg) for fix in driven.fixes] if driven else []
    placed = [frame.place_deg for frame in shown if frame.place_deg is not None]
    map_frame = fit([*places, *placed]) if places or placed else None
    data = {
        "ofWhat": of_what,
        "frames": [_frame(frame, map_frame, grade(frame.area_share, bounds)) for frame in shown],
        "track": _timed(driven, map_frame) if driven and map_frame else [],
    }
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")


def _frame(frame: CrackFrame, map_frame: MapFrame | None, grade: int) -> dict[str, object]:
    return {
        "index": frame.frame,
        "name": frame.name,
        "time": frame.media_time_s,
        "utc": frame.t_utc,
        "place": frame.place_deg,
        "xy": map_frame.xy(frame.place_deg) if map_frame and frame.place_deg else None,
        "share": frame.area_share,
        "pieces": frame.crack_count,
        "heading": frame.heading_deg,
        "speed": frame.speed_mps,
        "grade": grade,
        "thumb": marked(frame, THUMB_PX),
    }


def _timed(driven: DrivenTrack, map_frame: MapFrame) -> list[list[float]]:
    """Return seconds within the video and the place on the map, fix by fix."""
    return [
        [
            round((fix.time_ns - driven.start_ns) / SECOND_NS, 3),
            *map_frame.xy((fix.lat_deg, fix.lon_deg)),
        ]
        for fix in driven.fixes
    ]
