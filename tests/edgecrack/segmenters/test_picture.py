"""A picture of any size through a network of one size: its aspect kept, its answer in its place."""

import numpy as np
import pytest

from edgecrack.letterbox import letterbox
from edgecrack.segmenters import DarkSegmenter
from edgecrack.segmenters.picture import picture_answer


class Remembering(DarkSegmenter):
    """Keeps what it was shown."""

    def answer(self, image):
        """Remember, and answer."""
        self.seen = image.copy()
        return super().answer(image)


@pytest.mark.parametrize("size_px", [(300, 100), (100, 300), (30, 10), (60, 60)])
def test_a_square_stays_a_square(size_px):
    """A dark square is one to the network, too, and is marked where it is."""
    width_px, height_px = size_px
    picture, side_px = np.full((height_px, width_px, 3), 200, np.uint8), min(size_px) // 2
    picture[:side_px, :side_px] = 0
    segmenter = Remembering(60, 60)
    probability = picture_answer(segmenter, picture).probability
    shown = letterbox(size_px, (60, 60)).crop(segmenter.seen[:, :, 0])
    square_px = round(side_px * 60 / max(size_px))
    assert np.array_equal(np.argwhere(shown < 64).max(0), (square_px - 1, square_px - 1))
    assert probability.shape == (height_px, width_px)
    is_square = picture[:, :, 0] == 0
    assert np.mean((probability > 127) == is_square) > 0.98


def test_a_picture_of_the_networks_size_is_shown_as_it_is():
    """Neither scaled nor padded, and the answer is the network's own."""
    picture = np.random.default_rng(1).integers(0, 256, (20, 30, 3), np.uint8)
    segmenter = Remembering(30, 20)
    probability = picture_answer(segmenter, picture).probability
    assert np.array_equal(segmenter.seen, picture)
    assert np.array_equal(probability, segmenter.answer(picture).probability)


def test_thin_cracks_outlive_a_large_picture():
    """Areas are averaged: a black line of 1 px in 4 leaves no pixel of the network untouched."""
    picture = np.full((160, 160, 3), 200, np.uint8)
    picture[:, ::4] = 0
    segmenter = Remembering(40, 40)
    picture_answer(segmenter, picture)
    assert set(segmenter.seen.ravel().tolist()) == {150}
