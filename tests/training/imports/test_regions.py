"""What a shape covers, against slow references that share no code with it."""

import base64
import itertools
from fractions import Fraction

import cv2
import numpy as np
import pytest

from training.imports.regions import Bitmap, Line, NoRegion, Polygons, Runs, fill, points_of
from training.imports.run_lengths import decode_counts


def inside(x, y, corners):
    """Tell by exact arithmetic whether a point is in a polygon: odd crossings to its left."""
    odd = False
    for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True):
        if (y0 <= y) != (y1 <= y):
            odd ^= x0 + (y - y0) * (x1 - x0) / (y1 - y0) <= x
    return odd


def filled(corners, height, width):
    """Fill a polygon pixel by pixel."""
    exact = [(Fraction(float(x)), Fraction(float(y))) for x, y in corners]
    half = Fraction(1, 2)
    return [[inside(x + half, y + half, exact) for x in range(width)] for y in range(height)]


@pytest.mark.parametrize("seed", range(20))
def test_a_polygon_covers_the_pixels_whose_centres_are_in_it(seed):
    """Any polygon, also one that crosses itself or leaves the picture by a pixel."""
    rng = np.random.default_rng(seed)
    height, width, corners = (int(value) for value in rng.integers((4, 4, 3), (14, 18, 9)))
    points = rng.uniform(-1, 1, (corners, 2)) + rng.uniform(0, 1, (corners, 2)) * (width, height)
    if seed % 3 == 0:
        points = np.round(points)
    assert fill(points, height, width).tolist() == filled(points, height, width)


def test_whole_pixels_are_exact():
    """A rectangle from (1, 1) to (3, 2) is two pixels, and neighbours share none."""
    left = points_of([[1, 1], [3, 1], [3, 2], [1, 2]])
    right = left + np.array([2, 0])
    assert np.argwhere(fill(left, 4, 6)).tolist() == [[1, 1], [1, 2]]
    assert not (fill(left, 4, 6) & fill(right, 4, 6)).any()


def test_parts_of_a_shape_are_joined():
    """Where two polygons of one shape overlap, both are in it."""
    square = points_of([[0, 0], [2, 0], [2, 2], [0, 2]])
    mask = Polygons((square, square + 1)).pixels(4, 4)
    assert mask.astype(int).tolist() == [[1, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]


@pytest.mark.parametrize("line_px", [0.5, 1, 2, 5])
def test_a_line_is_as_wide_as_said(line_px):
    """Every pixel whose centre is within half the width of a segment, and no other."""
    points = np.random.default_rng(3).uniform(0, 20, (4, 2))
    mask = Line(points, line_px).pixels(20, 24)
    for y, x in itertools.product(range(20), range(24)):
        centre = np.array([x + 0.5, y + 0.5])
        shares = np.linspace(0, 1, 4001)[:, None]
        steps = [start + shares * (end - start) for start, end in itertools.pairwise(points)]
        nearest = min(np.hypot(*(step - centre).T).min() for step in steps)
        if abs(nearest - line_px / 2) > 0.01:
            assert mask[y, x] == (nearest < line_px / 2), (x, y)


@pytest.mark.parametrize(
    ("text", "height", "width", "pixels"),
    [
        ("142NO13NM10O123NL", 5, 7, 17),
        ("113000O18OL0M0", 9, 4, 8),
        (
            (
                "k0160W31\\NOH0fN0K0P10QO0b10iN0]10eN0b00]O0Y60ZN0YK0>0U10;0eN0^30S20YK0S10l00"
                "SM0g00RO0l20cM0F0i10]N0N0YO0Y30gN0oN1g0"
            ),
            40,
            60,
            42,
        ),
    ],
)
def test_the_text_of_another_program_is_read(text, height, width, pixels):
    """Written by pycocotools for random masks with these numbers of pixels."""
    assert sum(decode_counts(text)) == height * width
    assert Runs(text, "F").pixels(height, width).sum() == pixels


def test_runs_go_down_or_along():
    """COCO's go down the columns; CVAT's along the rows, within a box."""
    down = Runs([1, 2, 3], "F").pixels(2, 3)
    assert down.astype(int).tolist() == [[0, 1, 0], [1, 0, 0]]
    along = Runs([1, 2, 1], "C", (1, 1, 2, 2)).pixels(3, 4)
    assert along.astype(int).tolist() == [[0, 0, 0, 0], [0, 0, 1, 0], [0, 1, 0, 0]]


def png(mask):
    """Return a picture as PNG in base64."""
    return base64.b64encode(cv2.imencode(".png", mask)[1].tobytes()).decode()


def test_a_bitmap_lies_where_its_box_is():
    """Non-zero is in the shape, whatever the value."""
    mask = Bitmap(png(np.array([[0, 1], [255, 0]], np.uint8)), (2, 1, 2, 2)).pixels(4, 5)
    assert np.argwhere(mask).tolist() == [[1, 3], [2, 2]]


SMALL = np.ones((2, 2), np.uint8)
WIDE = points_of([[0, 0], [30, 0], [30, 5]])


@pytest.mark.parametrize(
    ("region", "named"),
    [
        (Polygons((WIDE,)), r"\(30, 0\)"),
        (Line(WIDE, 2.0), r"\(30, 0\)"),
        (Line(WIDE / 10, None), "--line-width"),
        (Runs([5, 5], "F"), "20x10"),
        (Runs([-5, 205], "F"), "20x10"),
        (Runs([], "F"), "20x10"),
        (Runs([200], "F", size_px=(10, 20)), "as large"),
        (Runs("o" * 40, "F"), "COCO"),
        (Runs("\u00e9", "F"), "COCO"),
        (Runs("o", "F"), "ends"),
        (Runs([10**12], "C", (0, 0, 10**6, 10**6)), "outside"),
        (Runs([1], "C", (-1, 0, 1, 1)), "outside"),
        (Bitmap(png(SMALL), (0, 0, 3, 2)), "3x2"),
        (Bitmap(png(SMALL), (19, 0, 2, 2)), "outside"),
        (Bitmap("?", (0, 0, 2, 2)), "base64"),
        (Bitmap("", (0, 0, 2, 2)), "2x2"),
        (NoRegion("a point"), "a point"),
    ],
)
def test_what_cannot_be_drawn_is_refused(region, named):
    """The reason says what is wrong with it."""
    with pytest.raises(ValueError, match=named):
        region.pixels(10, 20)


@pytest.mark.parametrize("values", [None, [], [[1, 2]], [[1, 2], [3]], [[0, 0], [1, float("nan")]]])
def test_points_are_pairs_of_finite_numbers(values):
    """And as many as are needed."""
    with pytest.raises(ValueError, match=r"points|inhomogeneous"):
        points_of(values, at_least=2)
