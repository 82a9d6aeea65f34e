"""Paint, joints and seams."""

import numpy as np

from edgecrack.synthetic.markings import PAINT, Band, lane_lines, lay, rectangle, slab_joints


def plain_road():
    """Return a square metre of road without texture, and its grain."""
    return np.full((400, 400), 128, np.float32), np.full((400, 400), 128, np.uint8)


def test_paint_is_bright_inside_and_absent_outside():
    """A painted rectangle changes its own pixels only."""
    road, grain = plain_road()
    lay(Band(rectangle(0.25, 0.5, 0.5, 0.75), PAINT), road, grain, (0.0, 0.0), 0.0025)
    assert np.allclose(road[110:190, 210:290], PAINT)
    assert (road[:95] == 128).all()
    assert (road[:, :195] == 128).all()


def test_a_joint_is_dark_straight_and_crosses_the_road():
    """Each slab joint darkens every column of the strip once."""
    road, grain = plain_road()
    joint = slab_joints(np.random.default_rng(1), 0.5, 1.0, half_width_m=2.0)[0]
    lay(joint, road, grain, (0.0, -0.5), 0.0025)
    dark = road < 110
    assert dark.any(axis=0).all()
    assert dark.sum(axis=0).max() <= 8


def test_lane_lines_reach_the_end():
    """Edge line and dashes are laid over the whole road."""
    spans = [band.span_m for band in lane_lines(60.0, phase_m=3.0)]
    assert min(span[0] for span in spans) <= 0
    assert max(span[1] for span in spans) >= 60
