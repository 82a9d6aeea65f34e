"""Reliability: of the pixels predicted with a probability, which share is crack.

Predictions are calibrated when, of the pixels with a probability of 70 %, 70 % are crack. The
expected calibration error is the mean distance between the two over all known pixels, so the many
pixels that are clearly no crack weigh most; the bins show the others.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.metrics import LEVELS

if TYPE_CHECKING:
    from edgecrack.metrics import Counts

BINS = 10
"""Bins of equal width between the probabilities 0 and 1."""


@dataclass(frozen=True, slots=True)
class ReliabilityBin:
    """The known pixels whose probability is within one bin.

    Attributes:
        pixels: How many, at least one.
        probability: Their mean probability, 0 to 1.
        crack_share: The share of them that is crack, 0 to 1.
    """

    pixels: int
    probability: float
    crack_share: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """The reliability table of some pictures.

    Attributes:
        bins: From low to high probability; without bins that hold no pixel.
        calibration_error: The expected calibration error, 0 to 1; 0 without a known pixel.
    """

    bins: tuple[ReliabilityBin, ...]
    calibration_error: float


def reliability(counts: Counts) -> Reliability:
    """Return the table of pictures whose pixels were counted, whatever the tolerance.

    Example:
        >>> from edgecrack.metrics import count_matches
        >>> truth = np.array([[0, 255, 255, 255]], np.uint8)
        >>> reliability(count_matches(np.array([[0, 51, 255, 255]], np.uint8), truth)).bins[1]
        ReliabilityBin(pixels=1, probability=0.2, crack_share=1.0)
    """
    # Counts are of pixels from each level on: their differences are of the level itself.
    pixels, cracks = (
        -np.diff(at_least, append=0) for at_least in (counts.predicted, counts.overlap)
    )
    levels = np.arange(LEVELS)
    bin_of_level = levels * BINS // LEVELS
    bins = []
    for number in range(BINS):
        inside = bin_of_level == number
        if total := int(pixels[inside].sum()):
            probability = float((pixels * levels)[inside].sum() / total / (LEVELS - 1))
            bins.append(ReliabilityBin(total, probability, float(cracks[inside].sum() / total)))
    distances = [entry.pixels * abs(entry.probability - entry.crack_share) for entry in bins]
    return Reliability(tuple(bins), sum(distances) / max(1, int(counts.predicted[0])))
