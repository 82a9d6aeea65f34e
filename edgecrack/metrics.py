"""Precision, recall, F1 and IoU of crack masks, strict or with a pixel tolerance.

The same predictions score between 43 and 94 under the protocols in use, so a score is printed with
the :class:`Protocol` it was taken under. The protocol is *many-to-one with tolerance*: a predicted
pixel is right when a true pixel lies within ``tolerance_px`` of it (Euclidean), and a true pixel is
found when a predicted pixel lies within ``tolerance_px`` of it. Tolerance 0 is the strict pixel
score. Counts are summed over the pictures.

ODS is the best F1 with one threshold for all pictures. OIS takes the best threshold of each
picture, sums the counts and takes one F1.

All 256 thresholds are counted in one pass, exactly: a true pixel is found at threshold t when the
largest probability within reach is at least t, and one dilation by a disc gives that largest
probability. The counts equal those of a distance transform of the prediction at each threshold, at
a hundredth of the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from edgecrack.records import GrayImage

LEVELS = 256


@dataclass(frozen=True, slots=True)
class Protocol:
    """How a score was taken; it is printed beside every score.

    Attributes:
        ground_truth: Which ground truth, such as "CrackForest Segmentation == 2".
        tolerance_px: Reach of a match, in pixels of ``resolution``.
        split: Which pictures, such as "test (46)".
        resolution: Width x height in pixels at which the score was taken.
        matching: How predicted pixels are matched with true ones.
    """

    ground_truth: str
    tolerance_px: float
    split: str
    resolution: str
    matching: str = "many-to-one"

    def __str__(self) -> str:
        return (
            f"{self.matching}, {self.tolerance_px:g} px, {self.ground_truth}, "
            f"{self.split}, {self.resolution}"
        )


@dataclass(frozen=True, slots=True)
class Counts:
    """Matches of one picture, or the sum over several, at each threshold t = 0..255.

    All arrays are int64 of shape (256,); entry t counts a pixel as predicted when its probability
    (0..255) is at least t.

    Attributes:
        predicted: Predicted pixels.
        right: Predicted pixels that lie within reach of a true one.
        found: True pixels within reach of a predicted one.
        overlap: Pixels that are both predicted and true.
        true: True pixels (one number).
    """

    predicted: NDArray[np.int64]
    right: NDArray[np.int64]
    found: NDArray[np.int64]
    overlap: NDArray[np.int64]
    true: int

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.predicted + other.predicted,
            self.right + other.right,
            self.found + other.found,
            self.overlap + other.overlap,
            self.true + other.true,
        )

    def at(self, threshold: int) -> Score:
        """Return the score when a pixel is predicted from ``threshold`` (0..255) on."""
        predicted, right = int(self.predicted[threshold]), int(self.right[threshold])
        found, overlap = int(self.found[threshold]), int(self.overlap[threshold])
        precision = right / predicted if predicted else 1.0
        recall = found / self.true if self.true else 1.0
        either = predicted + self.true - overlap
        return Score(
            threshold,
            precision,
            recall,
            _f1(precision, recall),
            overlap / either if either else 1.0,
            predicted / self.true if self.true else None,
        )

    def best(self) -> Score:
        """Return the score with the highest F1 over thresholds 1..255, the lowest one if equal."""
        return max((self.at(t) for t in range(1, LEVELS)), key=lambda score: score.f1)


@dataclass(frozen=True, slots=True)
class Score:
    """Precision, recall, F1 (all 0..1, with tolerance), IoU (0..1, always strict) and area ratio.

    Precision is 1 when nothing is predicted, recall 1 when there is nothing to find, and IoU 1 for
    two empty masks. The area ratio is the predicted area over the true one, so above 1 cracks are
    drawn too wide; it is None when nothing is true.
    """

    threshold: int
    precision: float
    recall: float
    f1: float
    iou: float
    area_ratio: float | None = None


def _f1(precision: float, recall: float) -> float:
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def disc(radius_px: float) -> NDArray[np.uint8]:
    """Return the structuring element of all offsets no longer than ``radius_px``.

    Example:
        >>> int(disc(1).sum()), int(disc(1.5).sum()), int(disc(2).sum())
        (5, 9, 13)
    """
    reach = int(radius_px)
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    return np.asarray(rows**2 + columns**2 <= radius_px**2, np.uint8)


def count_matches(
    probability: GrayImage,
    truth: GrayImage | NDArray[np.bool_],
    tolerance_px: float = 0.0,
    known: NDArray[np.bool_] | None = None,
) -> Counts:
    """Match one prediction with its truth at every threshold.

    Args:
        probability: 0..255, (H, W).
        truth: Any non-zero pixel is crack, (H, W).
        tolerance_px: Reach of a match, 0 or more; the work grows with its square.
        known: Where the truth is known, (H, W); None is everywhere. An unknown pixel is neither
            predicted nor true, whatever the arrays hold there.

    Raises:
        ValueError: The shapes differ, or the tolerance is negative or not finite.

    Example:
        >>> truth = np.zeros((5, 5), np.uint8); truth[2] = 255
        >>> off_by_one = np.roll(truth, 1, axis=0)
        >>> count_matches(off_by_one, truth).at(128).f1
        0.0
        >>> count_matches(off_by_one, truth, tolerance_px=1).at(128).f1
        1.0
    """
    if probability.shape != truth.shape:
        raise ValueError(
            f"truth must be {probability.shape} like the prediction, not {truth.shape}"
        )
    if known is not None and known.shape != truth.shape:
        raise ValueError(f"known must be {truth.shape} like the truth, not {known.shape}")
    if not 0 <= tolerance_px < np.inf:
        raise ValueError(f"a tolerance must be 0 px or more, not {tolerance_px}")
    if known is None:
        known = np.ones(truth.shape, bool)
    crack = ((truth > 0) & known).astype(np.uint8)
    probability = np.where(known, probability, np.uint8(0))
    reach = disc(tolerance_px)
    near_truth = cv2.dilate(crack, reach) > 0
    best_in_reach = np.asarray(cv2.dilate(probability, reach), np.uint8)
    return Counts(
        predicted=_at_least(probability[known]),
        right=_at_least(probability[near_truth & known]),
        found=_at_least(best_in_reach[crack > 0]),
        overlap=_at_least(probability[crack > 0]),
        true=int(crack.sum()),
    )


def _at_least(values: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return, for each t in 0..255, how many values are at least t."""
    histogram = np.bincount(values.ravel(), minlength=LEVELS)
    return histogram[::-1].cumsum()[::-1].astype(np.int64)


def total(counts: Iterable[Counts]) -> Counts:
    """Return the sum of counts; zeros for none."""
    return sum(counts, start=_zero_counts(LEVELS))


def _zero_counts(thresholds: int) -> Counts:
    zeros = np.zeros(thresholds, np.int64)
    return Counts(zeros, zeros, zeros, zeros, 0)


def ods(counts: Sequence[Counts]) -> Score:
    """Return the best score with one threshold for all pictures (optimal data-set scale).

    Raises:
        ValueError: There is no picture; an empty set would score a perfect 1.
    """
    if not counts:
        raise ValueError("a score needs at least one picture")
    return total(counts).best()


def ois(counts: Sequence[Counts]) -> Score:
    """Return the score when each picture has its own best threshold (optimal image scale).

    The counts at each picture's best threshold are summed before F1 is taken, so OIS may lie below
    ODS. The threshold of the score is 0, as there is no single one.

    Raises:
        ValueError: There is no picture.
    """
    if not counts:
        raise ValueError("a score needs at least one picture")
    return sum((_at_best(picture) for picture in counts), start=_zero_counts(1)).at(0)


def _at_best(counts: Counts) -> Counts:
    """Return the counts at their best threshold alone, arrays of shape (1,)."""
    best = counts.best().threshold
    only = slice(best, best + 1)
    return Counts(
        counts.predicted[only],
        counts.right[only],
        counts.found[only],
        counts.overlap[only],
        counts.true,
    )


def mask_iou(first: NDArray[np.generic], second: NDArray[np.generic]) -> float:
    """Return the intersection over union of two masks; 1 for two empty ones.

    Example:
        >>> mask_iou(np.zeros((2, 2)), np.zeros((2, 2)))
        1.0
    """
    first_mask, second_mask = first.astype(bool), second.astype(bool)
    either = int((first_mask | second_mask).sum())
    return int((first_mask & second_mask).sum()) / either if either else 1.0
