"""The truth of a picture says what is known about each pixel, and keeps it when shrunk."""

import numpy as np
import pytest

from edgecrack.errors import InputError
from training.truth import (
    CRACK,
    DISPUTED,
    NO_CRACK,
    NOT_ROAD,
    PAINT,
    ROAD,
    SOUND_ROAD,
    UNKNOWN,
    check_known,
    crack_target,
    is_known,
    join,
    road_target,
    shrink_truth,
)

CODES = (NO_CRACK, NOT_ROAD, PAINT, ROAD, UNKNOWN, DISPUTED, SOUND_ROAD, CRACK)
CRACKS = np.array([[0] * 4, [255] * 4], np.uint8)
AREA = np.array([[0, 1, 2, 255]] * 2, np.uint8)


@pytest.mark.parametrize(
    ("labelled", "without", "with_crack"),
    [
        ("everywhere", [NOT_ROAD, SOUND_ROAD, PAINT, NO_CRACK], [DISPUTED, CRACK, DISPUTED, CRACK]),
        ("road", [NOT_ROAD, SOUND_ROAD, PAINT, UNKNOWN], [DISPUTED, CRACK, DISPUTED, UNKNOWN]),
    ],
)
def test_crack_labels_are_believed_where_they_were_made(labelled, without, with_crack):
    """On road always, where the area is unknown if labelled everywhere, elsewhere never."""
    assert join(CRACKS, AREA, labelled).tolist() == [without, with_crack]


def test_without_crack_labels_road_is_unknown():
    """Only what is not road or is paint is known to have no crack."""
    truth = join(None, AREA, "everywhere")
    assert truth[0].tolist() == [NOT_ROAD, ROAD, PAINT, UNKNOWN]
    assert is_known(truth)[0].tolist() == [True, False, True, False]


def test_without_areas_a_crack_mask_is_the_truth():
    """All is known then."""
    assert join(CRACKS, None, "everywhere") is CRACKS
    assert is_known(CRACKS).all()


@pytest.mark.parametrize("area", [None, np.full((2, 4), 3, np.uint8)])
def test_a_truth_is_not_made_from_nothing(area):
    """Without both masks, or with another area value, it is refused."""
    with pytest.raises(ValueError, match="area"):
        join(None, area, "road")


def test_the_loss_learns_from_known_pixels():
    """Crack is 1, known pixels without are 0, the rest is -1."""
    target = crack_target(np.array([CODES], np.uint8))
    assert target.dtype == np.float32
    assert target.tolist() == [[0, 0, 0, -1, -1, -1, 0, 1]]


def test_the_road_is_learnt_where_it_is_known():
    """Road is 1 with paint, crack or neither, what is not road 0, and the rest -1."""
    target = road_target(np.array([CODES], np.uint8))
    assert target.dtype == np.float32
    assert target.tolist() == [[-1, 0, 1, 1, -1, -1, 1, 1]]


def test_a_shrunk_truth_keeps_thin_cracks_and_every_code():
    """A third of crack makes crack; else the codes stay what they are, none is mixed anew."""
    truth = np.repeat(np.array(CODES, np.uint8), 6)[np.newaxis].repeat(6, axis=0)
    assert shrink_truth(truth, (8, 1)).tolist() == [list(CODES)]
    truth[:, 0] = CRACK  # a sixth of the first pixel
    assert shrink_truth(truth, (8, 1)).tolist() == [list(CODES)]
    truth[:, 18:20] = CRACK  # a third of the fourth
    assert shrink_truth(truth, (8, 1))[0, 3] == CRACK


@pytest.mark.parametrize("code", CODES)
def test_pictures_without_a_known_pixel_are_refused(code):
    """They are named; one known pixel is enough."""
    counts = np.zeros(256, np.int64)
    counts[code] = 1
    if code in {ROAD, UNKNOWN, DISPUTED}:
        with pytest.raises(InputError, match="'streets'"):
            check_known(counts, "data set 'streets'")
    else:
        check_known(counts, "data set 'streets'")
