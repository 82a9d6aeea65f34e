"""What became of the pictures of a camera: how many were looked at, how old the answers were."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

WARM_UP = 5
"""Results left out at the start, by edgecrack's report and here."""


@dataclass(frozen=True, slots=True)
class FilmedClip:
    """When a camera took its pictures.

    Attributes:
        began_ns: When the first was taken, of the monotonic clock, which all processes share.
        began_utc_ns: The same of the wall clock.
        frames: How many it took, numbered from 0.
        fps: How many a second.
    """

    began_ns: int
    began_utc_ns: int
    frames: int
    fps: int

    def taken_after_ns(self, number: int) -> int:
        """Return how long after the first a picture was taken.

        Example:
            >>> FilmedClip(0, 0, 90, 30).taken_after_ns(45)
            1500000000
        """
        return number * 10**9 // self.fps

    def write(self, path: Path) -> None:
        """Write it for `read_log`."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")


def read_log(path: Path) -> FilmedClip:
    """Return what a camera noted."""
    return FilmedClip(**json.loads(path.read_text(encoding="utf-8")))


def lost(numbers: Sequence[int | None], filmed: FilmedClip) -> int:
    """Count pictures from the sixth result on that nobody looked at.

    Args:
        numbers: Of the pictures that were looked at; None where it could not be read.
        filmed: What the camera took.

    Example:
        >>> lost([0, 1, 2, 3, 4, 7, 8, 10], FilmedClip(0, 0, 12, 30))
        2
    """
    counted = numbers[WARM_UP:]
    begin = next((number for number in counted if number is not None), 0)
    return filmed.frames - begin - len(counted)


def ages_ms(results: Sequence[tuple[int | None, int]], filmed: FilmedClip) -> list[float]:
    """Return how long after it was taken each picture had its result, the first five left out.

    Args:
        results: Number of the picture, and monotonic time of its result.
        filmed: What the camera took.
    """
    return [
        (at_ns - filmed.began_ns - filmed.taken_after_ns(number)) / 1e6
        for number, at_ns in results[WARM_UP:]
        if number is not None
    ]


def percentile(values: Sequence[float], share: float) -> float | None:
    """Return the value that so many percent do not exceed; None of nothing.

    Example:
        >>> percentile([4.0, 1.0, 3.0, 2.0], 50)
        2.0
    """
    if not values:
        return None
    return sorted(values)[max(0, math.ceil(len(values) * share / 100) - 1)]


def rate_fps(results_ns: Sequence[int]) -> float | None:
    """Return the rate of results, the first five left out; N results bound N - 1 intervals."""
    counted = results_ns[WARM_UP:]
    if len(counted) < 2 or counted[-1] == counted[0]:
        return None
    return (len(counted) - 1) * 1e9 / (counted[-1] - counted[0])
