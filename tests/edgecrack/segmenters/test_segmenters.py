"""What every segmenter promises, whatever is behind it."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from edgecrack.errors import BundleError
from edgecrack.segmenters import DarkSegmenter, load_segmenter


@pytest.fixture(params=["fake", "one thread a picture", "all cores on one picture"])
def segmenter(request, tiny):
    """Return each kind of segmenter for 96x64."""
    if request.param == "fake":
        return DarkSegmenter(96, 64)
    return load_segmenter(tiny, threads=1 if request.param.startswith("one") else None)


def pictures(count):
    """Return pictures of 96x64, always the same."""
    return list(np.random.default_rng(5).integers(0, 256, (count, 64, 96, 3), np.uint8))


def test_it_says_what_it_is(segmenter):
    """Size, threshold, backend and precision are known before the first picture."""
    assert (segmenter.width_px, segmenter.height_px) == (96, 64)
    assert 1 <= segmenter.threshold <= 255
    assert segmenter.backend
    assert segmenter.precision


def test_a_probability_lies_on_its_picture(segmenter):
    """The answer is uint8, one number a pixel, and the picture is left alone."""
    (picture,) = pictures(1)
    before = picture.copy()
    picture.flags.writeable = False  # as GStreamer's memory is
    answer = segmenter.probability(picture)
    assert (answer.dtype, answer.shape) == (np.uint8, (64, 96))
    assert np.array_equal(picture, before)


def test_padded_rows_change_nothing(segmenter):
    """Video memory may have gaps between its rows."""
    (picture,) = pictures(1)
    padded = np.zeros((64, 100, 3), np.uint8)
    padded[:, :96] = picture
    answer = segmenter.probability(padded[:, :96])
    assert np.array_equal(answer, segmenter.probability(picture))


def test_two_threads_at_once_get_the_answers_of_one(segmenter):
    """Pictures that are worked on at the same time do not see each other."""
    shown = pictures(24)
    alone = [segmenter.probability(picture) for picture in shown]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(segmenter.probability, shown))
    assert np.array_equal(alone, together)
    assert len({answer.tobytes() for answer in alone}) > 1


@pytest.mark.parametrize("shape", [(64, 95, 3), (96, 64, 3), (64, 96, 1), (64, 96, 4)])
def test_a_picture_of_another_size_is_refused(segmenter, shape):
    """A wrong size is an error of this program's own kind, never a stretched answer."""
    with pytest.raises(BundleError):
        segmenter.probability(np.zeros(shape, np.uint8))


def test_dark_is_crack_to_the_fake():
    """The fake finds what is darker than a quarter of full light in every channel."""
    picture = np.full((64, 96, 3), 200, np.uint8)
    picture[10:12, 5:50] = 40
    picture[20:22, 5:50] = (40, 40, 90)
    found = DarkSegmenter(96, 64).probability(picture)
    assert np.count_nonzero(found) == 2 * 45
    assert np.all(found[10:12, 5:50] == 255)
