"""False alarms are shares of what is not road and of paint."""

import numpy as np
import pytest

from training.alarms import Alarms, count_alarms
from training.truth import CRACK, DISPUTED, NO_CRACK, NOT_ROAD, PAINT, ROAD, UNKNOWN

CODES = np.array([NO_CRACK, NOT_ROAD, PAINT, ROAD, UNKNOWN, DISPUTED, CRACK], np.uint8)


def drawn(seed, shape=(30, 40)):
    """Return a probability and a truth of all codes."""
    rng = np.random.default_rng(seed)
    return rng.integers(0, 256, shape, np.uint8), rng.choice(CODES, shape)


@pytest.mark.parametrize("threshold", [0, 1, 127, 128, 255])
def test_alarms_are_marked_shares_of_their_areas(threshold):
    """At any threshold they are what a loop over the pixels counts, summed over pictures."""
    pictures = [drawn(1), drawn(2)]
    marked, pixels = {NOT_ROAD: 0, PAINT: 0}, {NOT_ROAD: 0, PAINT: 0}
    for probability, truth in pictures:
        for value, code in zip(probability.ravel().tolist(), truth.ravel().tolist(), strict=True):
            if code in marked:
                pixels[code] += 1
                marked[code] += value >= threshold
    first, second = (count_alarms(*picture) for picture in pictures)
    counts = first + second
    not_road, paint = (marked[code] / pixels[code] for code in (NOT_ROAD, PAINT))
    assert counts.at(threshold) == Alarms(threshold, not_road, paint)
    both = sum(marked.values()) / sum(pixels.values())
    assert counts.share(threshold) == pytest.approx(both, rel=1e-12)


def test_an_area_that_is_not_there_has_no_share():
    """It is None, not a perfect 0; without both areas the share of both is 0."""
    counts = count_alarms(np.full((2, 2), 255, np.uint8), np.full((2, 2), ROAD, np.uint8))
    assert counts.at(128) == Alarms(128, None, None)
    assert counts.share(128) == 0
