"""The strip seen from above."""

from dataclasses import replace

import numpy as np
import pytest

from edgecrack.synthetic.plan import plan_road
from edgecrack.synthetic.road import BLOCK_M, CELL_M, Road


@pytest.fixture(scope="module")
def road():
    """Return a short road, asphalt and then concrete."""
    return Road(plan_road(5, 40.0), 5)


def test_the_true_mask_is_where_the_road_is_darkened(road):
    """Cells that are wholly crack are much darker than the strip's middle level."""
    strip = road.strip(0, 3)
    inside, outside = strip.coverage == 255, strip.coverage == 0
    assert inside.sum() > 1000
    assert strip.grey[inside].mean() < np.median(strip.grey[outside]) - 35


def test_joints_and_paint_are_no_cracks(road):
    """A concrete road without cracks has dark joints and an empty true mask."""
    whole = road.plan
    road.plan = replace(whole, cracks=(), concrete_from_m=0.0)
    try:
        sound = road._draw(7)  # noqa: SLF001
    finally:
        road.plan = whole
    assert not sound.coverage.any()
    joint = next(band for band in whole.bands if band.level is not None and band.level < 80)
    assert whole.concrete_from_m <= joint.span_m[1]
    row_means = sound.grey[:, 1600:1640].mean(axis=1)
    assert row_means.min() < 128 - 35


def test_blocks_join_without_a_seam(road):
    """A strip of two blocks is the two blocks, one after the other."""
    strip = road.strip(1, 2)
    rows = round(BLOCK_M / CELL_M)
    assert strip.start_m == BLOCK_M
    assert np.array_equal(strip.grey[rows:], road.strip(2, 1).grey)
