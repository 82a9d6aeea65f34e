"""The reliability table is what sorting the known pixels into bins gives."""

import numpy as np
import pytest

from edgecrack.metrics import count_matches
from training.reliability import Reliability, reliability


def test_pixels_are_sorted_into_bins_of_their_probability():
    """Pixels, mean probability, share of crack and the error are those of a slow count."""
    rng = np.random.default_rng(3)
    probability = (rng.random((40, 50)) ** 3 * 256).astype(np.uint8)
    probability[(probability > 100) & (probability < 140)] = 0  # a bin without pixels
    crack, known = rng.random((2, 40, 50)) < np.array([0.3, 0.7])[:, None, None]
    table = reliability(count_matches(probability, crack, 4, known))
    values, truths = probability[known].tolist(), crack[known].tolist()
    rows, error = [], 0.0
    for number in range(10):
        inside = [i for i, value in enumerate(values) if number <= value / 25.6 < number + 1]
        if inside:
            mean = np.mean([values[i] / 255 for i in inside])
            share = np.mean([truths[i] for i in inside])
            rows.append((len(inside), mean, share))
            error += len(inside) / len(values) * abs(mean - share)
    found = [(row.pixels, row.probability, row.crack_share) for row in table.bins]
    assert found == [pytest.approx(row) for row in rows]
    assert len(rows) == 9
    assert table.calibration_error == pytest.approx(error)


def test_a_calibrated_prediction_has_no_error():
    """Of 255 pixels with level 51, a fifth is crack."""
    crack = np.arange(255).reshape(1, 255) < 51
    assert reliability(count_matches(np.full((1, 255), 51, np.uint8), crack)).calibration_error == 0


def test_nothing_known_gives_an_empty_table():
    """It has no bin and no error."""
    plane = np.zeros((3, 3), np.uint8)
    table = reliability(count_matches(plane, plane, 0, np.zeros((3, 3), bool)))
    assert table == Reliability((), 0.0)
