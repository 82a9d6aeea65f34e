"""A drawn line of paint hides cracks, and says where it is."""

import numpy as np
import pytest

from training.augment import AugmentSpec
from training.config import parse_config
from training.paint import draw_paint
from training.samples import TrainingSamples, training_sets
from training.truth import CRACK, NO_CRACK, NOT_ROAD, PAINT, SOUND_ROAD, UNKNOWN

GREY = 100


def painted(truth, seed):
    """Return a grey picture with paint, and its truth."""
    picture = np.full((*truth.shape, 3), GREY, np.uint8)
    return draw_paint(picture, truth, np.random.default_rng(seed))


@pytest.mark.parametrize("seed", range(30))
def test_what_looks_like_paint_is_called_paint_and_nothing_else_changes(seed):
    """Where the picture changed much the truth is paint; where it is the same, so is the truth."""
    truth = np.full((120, 160), SOUND_ROAD, np.uint8)
    picture, known = painted(truth, seed)
    change = np.abs(picture.astype(int) - GREY).max(axis=2)
    assert (known[change == 0] == SOUND_ROAD).all()
    assert np.sum(change[known == PAINT] > 0) >= 0.9 * np.sum(known == PAINT)
    assert set(np.unique(known)) <= {SOUND_ROAD, PAINT}


def test_most_samples_get_some_paint():
    """A line goes through a point of the picture."""
    truth = np.full((120, 160), NO_CRACK, np.uint8)
    with_paint = [(painted(truth, seed)[1] == PAINT).any() for seed in range(40)]
    assert np.mean(with_paint) > 0.8


@pytest.mark.parametrize("code", [NOT_ROAD, UNKNOWN, PAINT])
def test_no_paint_is_drawn_where_the_road_is_not_known(code):
    """The picture stays as it is there."""
    truth = np.full((120, 160), code, np.uint8)
    for seed in range(5):
        picture, known = painted(truth, seed)
        assert (picture == GREY).all()
        assert (known == code).all()


def test_a_crack_below_paint_is_unknown():
    """It may still show, or not: neither answer is wrong."""
    truth = np.full((120, 160), CRACK, np.uint8)
    for seed in range(5):
        assert set(np.unique(painted(truth, seed)[1])) <= {CRACK, UNKNOWN}


def test_samples_are_painted_as_often_as_the_configuration_says(road):
    """Probability 1 paints each sample, 0 none."""
    for paint in (0.0, 1.0):
        data = {"name": "a", "images": ["lines/images"], "masks": ["lines/masks"]}
        values = {"name": "a", "augment": {"paint": paint}, "fit": {"crop_px": 48}, "data": [data]}
        config = parse_config(values, "made up")
        samples = TrainingSamples(training_sets(config, road), config)
        plain = parse_config({**values, "augment": {}}, "made up")
        others = TrainingSamples(training_sets(plain, road), plain)
        changed = [
            not np.array_equal(samples[number][0], others[number][0]) for number in range(10)
        ]
        assert np.mean(changed) >= 0.6 if paint else not any(changed)


def test_a_negative_probability_is_refused():
    """As of every range."""
    with pytest.raises(ValueError, match="0 or more"):
        AugmentSpec(paint=-0.1)
