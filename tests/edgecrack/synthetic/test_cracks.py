"""The shape of synthetic cracks."""

import numpy as np
import pytest

from edgecrack.synthetic.cracks import STEP_M, Crack, alligator, draw, fractal_path, grow, opened


def test_path_joins_its_ends_in_small_rough_steps():
    """A path begins and ends where asked and is longer than the straight line."""
    start, end = np.array((0.0, 0.0)), np.array((2.0, 0.5))
    path = fractal_path(np.random.default_rng(1), start, end, roughness=0.05)
    steps = np.hypot(*np.diff(path, axis=0).T)
    assert path[0] == pytest.approx(start)
    assert path[-1] == pytest.approx(end)
    assert np.median(steps) < 2 * STEP_M
    assert steps.sum() > 1.02 * np.hypot(2.0, 0.5)


def test_opening_is_broken_and_bounded():
    """About the asked share is closed, and no crack is wider than 3 cm."""
    path = np.stack((np.linspace(0, 8, 1000), np.zeros(1000)), axis=1)
    crack = opened(np.random.default_rng(2), path, width_m=0.006, closed_share=0.3)
    assert 0.2 < (crack.width_m == 0).mean() < 0.6
    assert 0.004 < np.median(crack.width_m[crack.width_m > 0]) < 0.012
    assert crack.width_m.max() <= 0.03 + 1e-9


def test_growth_branches_and_fatigue_makes_many_short_cracks():
    """A long crack has branches; an alligator field has many short edges."""
    rng = np.random.default_rng(3)
    grown = [list(grow(rng, np.zeros(2), np.array((6.0, 0.0)), 0.006)) for _ in range(5)]
    assert max(len(cracks) for cracks in grown) > 3
    edges = list(alligator(rng, np.zeros(2), np.array((2.0, 1.0))))
    assert len(edges) > 10
    assert max(end - begin for begin, end in (edge.span_m for edge in edges)) < 0.6


def test_drawing_covers_the_crack_and_nothing_else():
    """A straight crack covers its own area, and at most one soft cell more on each side."""
    path = np.stack((np.linspace(0.2, 0.8, 61), np.full(61, 0.5)), axis=1)
    crack = Crack(path, np.full(61, 0.005), np.full(61, 0.005))
    coverage = np.zeros((400, 400), np.uint8)
    draw(crack, coverage, (0.0, 0.0), 0.0025)
    area_m2 = coverage.astype(float).sum() / 255 * 0.0025**2
    assert 0.6 * 0.010 < area_m2 < 0.6 * 0.015
    rows, columns = np.nonzero(coverage)
    assert (rows.min(), rows.max()) == pytest.approx((80, 320), abs=2)
    assert (columns.min(), columns.max()) == pytest.approx((198, 202), abs=2)


@pytest.mark.parametrize(("left", "right"), [(3, 2), (2, 3)])
def test_openings_must_match_the_path(left, right):
    """A crack with fewer openings than points on either side is refused."""
    with pytest.raises(ValueError):  # noqa: PT011  the only check that raises it
        Crack(np.zeros((3, 2)), np.zeros(left), np.zeros(right))
