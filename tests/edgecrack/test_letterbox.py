"""A picture in an input of another aspect: never stretched, in the middle, and found again."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.letterbox import Borders, best_input, fitting_scale, letterbox
from edgecrack.mirrored_borders import add_borders

SIDES = st.integers(1, 300)
SIZES = st.tuples(SIDES, SIDES)


@given(SIZES, SIZES)
def test_the_aspect_is_kept_to_half_a_pixel(picture_px, input_px):
    """One side is the input's, the other follows from the scale; none is less than a pixel."""
    box, scale = letterbox(picture_px, input_px), fitting_scale(picture_px, input_px)
    sides = zip(box.picture_px, picture_px, input_px, strict=True)
    for side_px, of_picture_px, most_px in sides:
        assert 1 <= side_px <= most_px
        assert side_px == 1 or abs(side_px - of_picture_px * scale) <= 0.5
    assert any(part == whole for part, whole in zip(box.picture_px, input_px, strict=True))


@given(SIZES, SIZES)
def test_what_is_laid_in_is_found_again(picture_px, input_px):
    """Padding gives the input's size, and cropping gives the very pixels back."""
    box = letterbox(picture_px, input_px)
    width_px, height_px = box.picture_px
    picture = np.random.default_rng(1).integers(0, 256, (height_px, width_px, 3), np.uint8)
    padded = add_borders(picture, box.borders)
    assert padded.shape == (input_px[1], input_px[0], 3)
    assert np.array_equal(box.crop(padded[:, :, 0]), picture[:, :, 0])


@given(SIZES, SIZES)
def test_a_picture_that_was_laid_in_once_is_not_scaled_again(picture_px, input_px):
    """The size in the input fits the input as it is."""
    box = letterbox(picture_px, input_px)
    assert letterbox(box.picture_px, input_px) == box


def test_a_picture_of_the_inputs_size_is_not_copied():
    """It has no borders, and both ways give what came in."""
    box, picture = letterbox((1920, 1080), (960, 540)), np.zeros((540, 960, 3), np.uint8)
    assert box.borders == Borders(0, 0, 0, 0)
    assert add_borders(picture, box.borders) is picture
    assert np.shares_memory(box.crop(picture[:, :, 0]), picture)


@pytest.mark.parametrize(
    ("picture_px", "borders"),
    [((100, 100), Borders(60, 0, 60, 0)), ((220, 60), Borders(0, 20, 0, 20))],
)
def test_the_picture_lies_in_the_middle(picture_px, borders):
    """A narrow picture has borders at its sides, a low one above and below."""
    assert letterbox(picture_px, (220, 100)).borders == borders


def test_an_odd_border_is_larger_at_the_right_and_below():
    """Where the spare pixels cannot be halved."""
    assert letterbox((10, 10), (13, 10)).borders == Borders(1, 0, 2, 0)
    assert letterbox((10, 10), (10, 13)).borders == Borders(0, 1, 0, 2)


@pytest.mark.parametrize(
    ("picture_px", "chosen_px"),
    [
        ((1920, 1080), (1280, 720)),
        ((965, 543), (960, 540)),
        ((950, 534), (960, 540)),  # 952x536, which comes later, is no nearer to speak of
        ((480, 320), (480, 320)),
        ((3000, 2000), (1280, 720)),
        ((1080, 1920), (540, 960)),
        ((1920, 400), (1280, 272)),  # as large in 1280x720, but mostly border
    ],
)
def test_the_nearest_input_is_taken(picture_px, chosen_px):
    """In pixels and in aspect; where two are as near, the bundle's order decides."""
    inputs_px = [(960, 540), (952, 536), (1280, 720), (480, 320), (540, 960), (1280, 272)]
    assert best_input(picture_px, inputs_px) == chosen_px


@given(SIZES, st.lists(SIZES, min_size=1))
def test_an_input_is_always_found(picture_px, inputs_px):
    """However bad all of them are."""
    assert best_input(picture_px, inputs_px) in inputs_px
