"""The camera's perspective."""

import numpy as np
import pytest

from edgecrack.synthetic.camera import Camera, reduced, view
from edgecrack.synthetic.plan import HALF_WIDTH_M

CAMERA = Camera(width_px=640, height_px=360)


def project(right_m, forward_m):
    """Return where a place on the ground is seen."""
    at = CAMERA.picture_from_ground(0.0) @ (right_m, forward_m, 1)
    return at[:2] / at[2]


def test_projection_agrees_with_plain_trigonometry():
    """A point ahead appears where its angle below the optical axis says."""
    for forward_m in (1.5, 3.0, 7.0):
        below = np.arctan2(CAMERA.height_m, forward_m) - np.radians(CAMERA.pitch_deg)
        row = (CAMERA.height_px - 1) / 2 + CAMERA.focal_heights * CAMERA.height_px * np.tan(below)
        assert project(0.0, forward_m) == pytest.approx(((CAMERA.width_px - 1) / 2, row))


def test_the_view_is_road_from_edge_to_edge():
    """The horizon lies above the picture, and a lane's lines enter it at the sides."""
    ground = np.linalg.inv(CAMERA.picture_from_ground(0.0)) @ (0, 0, 1)
    assert 5 < ground[1] / ground[2] < 9
    assert project(-1.83, 6.0)[0] > 0 > project(-1.83, 1.6)[0]


def test_a_square_on_the_ground_appears_where_it_is_projected():
    """The centre of a bright square is seen at its projection, near and far."""
    cell_m = 0.0025
    for forward_m, size_m in ((2.0, 0.1), (6.0, 0.3)):
        strip = np.zeros((round(12 / cell_m), round(2 * HALF_WIDTH_M / cell_m)), np.uint8)
        row, column = round((forward_m + 1) / cell_m), round((0.4 + HALF_WIDTH_M) / cell_m)
        half = round(size_m / cell_m / 2)
        strip[row - half : row + half, column - half : column + half] = 255
        seen = view(reduced(strip, 0.0, cell_m), CAMERA.picture_from_ground(0.0), 1.0, (360, 640))
        y, x = np.nonzero(seen > 127)
        assert (x.mean(), y.mean()) == pytest.approx(project(0.4, forward_m), abs=1.0)
