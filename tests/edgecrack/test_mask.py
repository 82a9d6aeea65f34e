"""Where a region lies on a picture of another size, what is painted there, what it amounts to."""

from collections import deque

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.mask import measure, region_on_canvas, to_mask
from edgecrack.records import Region


@st.composite
def regions(draw):
    """Return a source size, a region inside it, and a canvas size."""
    source = draw(st.tuples(st.integers(1, 4000), st.integers(1, 3000)))
    x_px, y_px = draw(st.integers(0, source[0] - 1)), draw(st.integers(0, source[1] - 1))
    width_px = draw(st.integers(1, source[0] - x_px))
    height_px = draw(st.integers(1, source[1] - y_px))
    canvas = draw(st.tuples(st.integers(1, 1280), st.integers(1, 1280)))
    return Region(x_px, y_px, width_px, height_px), source, canvas


@given(regions())
def test_a_window_is_the_region_to_the_nearest_pixel(made):
    """Edges lie within half a pixel of their place; what would be empty there is one pixel."""
    region, source, canvas = made
    found = region_on_canvas(region, source, canvas)
    spans = (
        (region.x_px, region.width_px, source[0], canvas[0], found.x_px, found.width_px),
        (region.y_px, region.height_px, source[1], canvas[1], found.y_px, found.height_px),
    )
    for start, length, of_source, of_canvas, found_start, found_length in spans:
        assert 0 <= found_start < found_start + found_length <= of_canvas
        first, last = (at * (of_canvas / of_source) for at in (start, start + length))
        if round(first) == round(last):
            assert found_length == 1
            assert abs(found_start - first) <= 1
        else:
            assert abs(found_start - first) <= 0.5 + 1e-9
            assert abs(found_start + found_length - last) <= 0.5 + 1e-9


def test_the_whole_picture_is_the_whole_canvas():
    """All of a 1920x1080 picture is all of a 1280x720 one."""
    assert region_on_canvas(Region(0, 0, 1920, 1080), (1920, 1080), (1280, 720)) == Region(
        0, 0, 1280, 720
    )


def test_a_region_at_the_far_edge_stays_on_a_smaller_canvas():
    """The last pixel of a source is the last one of the canvas, never one beyond it."""
    last = region_on_canvas(Region(3999, 2999, 1, 1), (4000, 3000), (10, 20))
    assert last == Region(9, 19, 1, 1)


@st.composite
def paintings(draw):
    """Return a probability, a threshold, a window and the canvas it lies on."""
    canvas = draw(st.tuples(st.integers(1, 40), st.integers(1, 40)))
    x_px, y_px = draw(st.integers(0, canvas[0] - 1)), draw(st.integers(0, canvas[1] - 1))
    width_px = draw(st.integers(1, canvas[0] - x_px))
    height_px = draw(st.integers(1, canvas[1] - y_px))
    size = draw(st.tuples(st.integers(1, 30), st.integers(1, 30)))
    seed = draw(st.integers(0, 2**32 - 1))
    probability = np.random.default_rng(seed).integers(0, 256, size, np.uint8)
    where = Region(x_px, y_px, width_px, height_px)
    return probability, draw(st.integers(1, 255)), where, canvas


@given(paintings())
def test_nothing_outside_the_window_is_ever_marked(made):
    """A mask is as large as the canvas, holds 0 and 255 only, and 0 beyond the window."""
    probability, threshold, where, canvas = made
    mask = to_mask(probability, threshold, where, canvas)
    assert mask.dtype == np.uint8
    assert mask.shape == canvas[::-1]
    assert set(np.unique(mask)) <= {0, 255}
    inside = np.zeros(mask.shape, bool)
    rows = slice(where.y_px, where.y_px + where.height_px)
    inside[rows, where.x_px : where.x_px + where.width_px] = True
    assert not mask[~inside].any()


@given(paintings())
def test_a_probability_of_the_windows_size_is_compared_pixel_by_pixel(made):
    """Without stretching, crack is exactly where the probability is at least the threshold."""
    probability, threshold, _, _ = made
    height_px, width_px = probability.shape
    where, canvas = Region(3, 2, width_px, height_px), (width_px + 7, height_px + 5)
    mask = to_mask(probability, threshold, where, canvas)
    seen = mask[2 : 2 + height_px, 3 : 3 + width_px]
    assert np.array_equal(seen > 0, probability >= threshold)


@given(paintings())
def test_stretching_is_bilinear_about_pixel_centres(made):
    """A stretched probability is what plain NumPy interpolates, to one level."""
    probability, threshold, where, canvas = made
    mask = to_mask(probability, threshold, where, canvas)
    rows = slice(where.y_px, where.y_px + where.height_px)
    seen = mask[rows, where.x_px : where.x_px + where.width_px] > 0
    exact = stretched(probability, where.width_px, where.height_px)
    clear = np.abs(exact - threshold + 0.5) > 1
    assert np.array_equal(seen[clear], (exact >= threshold)[clear])


def stretched(plane, width_px, height_px):
    """Return a plane at another size, by linear interpolation of each axis."""

    def axis(values, length):
        places = (np.arange(length) + 0.5) * values.shape[0] / length - 0.5
        known = np.arange(values.shape[0])
        return np.stack([np.interp(places, known, column) for column in values.T], axis=1)

    return axis(axis(plane.astype(float), height_px).T, width_px).T


@pytest.mark.parametrize("seed", range(4))
def test_a_mask_amounts_to_what_counting_says(seed):
    """Area, share, pieces and peak are those of a plain flood fill."""
    random = np.random.default_rng(seed)
    mask = np.where(random.random((30, 40)) < 0.2, np.uint8(255), np.uint8(0))
    where = Region(0, 0, 40, 30)
    found = measure(mask, np.full((5, 5), 51, np.uint8), where)
    assert found.area_px == np.count_nonzero(mask)
    assert found.area_share == np.count_nonzero(mask) / 1200
    assert found.crack_count == pieces(mask > 0)
    assert found.peak_probability == 0.2


def pieces(crack):
    """Count connected pieces, corners included, by flooding one after the other."""
    left, count = {tuple(place) for place in np.argwhere(crack)}, 0
    while left:
        count += 1
        reached = deque([left.pop()])
        while reached:
            row, column = reached.popleft()
            near = {(row + i, column + j) for i in (-1, 0, 1) for j in (-1, 0, 1)} & left
            left -= near
            reached.extend(near)
    return count


def test_an_empty_mask_amounts_to_nothing():
    """No crack is area 0, share 0 and no piece; the peak may still be high."""
    found = measure(np.zeros((4, 4), np.uint8), np.full((2, 2), 144, np.uint8), Region(0, 0, 4, 4))
    assert (found.area_px, found.area_share, found.crack_count) == (0, 0.0, 0)
    assert found.peak_probability == 144 / 255


def test_the_share_is_of_the_region():
    """A region half as large makes the same crack twice the share."""
    mask = np.zeros((10, 10), np.uint8)
    mask[5, :] = 255
    probability = np.zeros((1, 1), np.uint8)
    assert measure(mask, probability, Region(0, 0, 10, 10)).area_share == 0.1
    assert measure(mask, probability, Region(0, 5, 10, 5)).area_share == 0.2
