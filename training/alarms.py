"""False alarms by area: how much of what is not road, and of paint, is marked as crack.

A street scene needs no crack labels for this: there is no crack in a tree.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from training.truth import NOT_ROAD, PAINT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgecrack.records import GrayImage


@dataclass(frozen=True, slots=True)
class AlarmCounts:
    """Pixels known to be not road, or to be paint, of one picture or the sum over several.

    The arrays are int64 of shape (256,): entry t counts the pixels whose probability (0..255) is at
    least t, so entry 0 counts all pixels of the area.

    Attributes:
        not_road: Pixels that are not road.
        paint: Pixels of paint on the road.
    """

    not_road: NDArray[np.int64]
    paint: NDArray[np.int64]

    def __add__(self, other: AlarmCounts) -> AlarmCounts:
        return AlarmCounts(self.not_road + other.not_road, self.paint + other.paint)

    def at(self, threshold: int) -> Alarms:
        """Return the shares that are marked from ``threshold`` (0..255) on."""
        shares = (_share(counts, threshold) for counts in (self.not_road, self.paint))
        return Alarms(threshold, *shares)

    def share(self, threshold: int) -> float:
        """Return the marked share, 0 to 1, of both areas together; 0 where there is neither."""
        return _share(self.not_road + self.paint, threshold) or 0.0


@dataclass(frozen=True, slots=True)
class Alarms:
    """Shares that are marked as crack, 0 to 1; None where there is no such area.

    Attributes:
        threshold: From which probability on a pixel is marked, 0..255.
        not_road: Of what is not road.
        paint: Of the paint.
    """

    threshold: int
    not_road: float | None
    paint: float | None

    def __str__(self) -> str:
        shares = {"not road": self.not_road, "paint": self.paint}
        return "marked of " + ", of ".join(
            f"{area} {100 * share:.3f} %" for area, share in shares.items() if share is not None
        )


def count_alarms(probability: GrayImage, truth: GrayImage) -> AlarmCounts:
    """Count the marked pixels of each area at every threshold.

    Args:
        probability: 0..255, (H, W).
        truth: Codes of ``training.truth``, (H, W).

    Example:
        >>> truth = np.array([[NOT_ROAD, NOT_ROAD, PAINT, 0]], np.uint8)
        >>> count_alarms(np.array([[9, 200, 0, 255]], np.uint8), truth).at(128)
        Alarms(threshold=128, not_road=0.5, paint=0.0)
    """
    return AlarmCounts(
        *(_at_least(probability[truth == area]) for area in (NOT_ROAD, PAINT)),
    )


def _at_least(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return, for each t in 0..255, how many values are at least t."""
    return np.bincount(values, minlength=256)[::-1].cumsum()[::-1].astype(np.int64)


def _share(counts: NDArray[np.int64], threshold: int) -> float | None:
    return float(counts[threshold] / counts[0]) if counts[0] else None
