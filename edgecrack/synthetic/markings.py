"""What is on a road and not a crack: paint, joints, seams and patches.

Everything here is drawn into the grey texture around 128 and never into the true mask. Dark
straight joints and worn paint are what crack detectors most often mistake for cracks.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgecrack.records import GrayImage
    from edgecrack.synthetic.texture import FloatPlane

PAINT = 236.0
LANE_HALF_M = 1.83
_BITS = 5


@dataclass(frozen=True, slots=True)
class Band:
    """A polygon on the ground that paints over the road or darkens it.

    Attributes:
        corners_m: (N, 2) points along and across the road.
        level: Grey to paint with, where bare road is 128; None only scales the texture.
        gain: Factor on the texture where ``level`` is None.
        wear: Share of the paint that traffic has worn off, 0 to 1.
    """

    corners_m: NDArray[np.float64]
    level: float | None
    gain: float = 1.0
    wear: float = 0.0

    @property
    def span_m(self) -> tuple[float, float]:
        """Where along the road it begins and ends."""
        return float(self.corners_m[:, 0].min()), float(self.corners_m[:, 0].max())


def rectangle(start_m: float, end_m: float, left_m: float, right_m: float) -> NDArray[np.float64]:
    """Return the corners of a rectangle aligned with the road.

    >>> rectangle(0, 2, -1, 1).tolist()
    [[0.0, -1.0], [2.0, -1.0], [2.0, 1.0], [0.0, 1.0]]
    """
    return np.array(
        ((start_m, left_m), (end_m, left_m), (end_m, right_m), (start_m, right_m)), float
    )


def arrow(start_m: float) -> list[Band]:
    """Return a straight-on arrow of 4 m painted in the lane's middle."""
    head = np.array(((start_m + 2.4, -0.42), (start_m + 4.0, 0.0), (start_m + 2.4, 0.42)))
    shaft = rectangle(start_m, start_m + 2.42, -0.13, 0.13)
    return [Band(part, PAINT, wear=0.12) for part in (shaft, head)]


def lane_lines(length_m: float, phase_m: float) -> list[Band]:
    """Return the solid edge line on the left and the dashes on the right, for the whole road."""
    edge = [
        Band(rectangle(at, at + 20, -LANE_HALF_M - 0.15, -LANE_HALF_M), PAINT, wear=0.08)
        for at in np.arange(-20, length_m, 20.0)
    ]
    dashes = [
        Band(rectangle(at, at + 2, LANE_HALF_M, LANE_HALF_M + 0.12), PAINT, wear=0.12)
        for at in np.arange(phase_m - 9, length_m, 9.0)
    ]
    ribs = [
        Band(rectangle(at, at + 0.012, -LANE_HALF_M - 0.16, -LANE_HALF_M + 0.01), None, gain=0.72)
        for at in np.arange(0.2, length_m, 0.5)
    ]
    return edge + ribs + dashes


def slab_joints(
    rng: np.random.Generator, start_m: float, end_m: float, half_width_m: float
) -> list[Band]:
    """Return the sawn joints of concrete slabs: straight, about 9 mm, every 5 m and along lanes."""
    joints = []
    for at in np.arange(start_m, end_m, 5.0):
        skew, width = float(rng.uniform(-0.06, 0.06)), float(rng.uniform(0.007, 0.012))
        corners = rectangle(at, at + width, -half_width_m, half_width_m)
        corners[1:3, 0] = corners[(0, 3), 0] + width
        corners[2:, 0] += skew
        joints.append(Band(corners, level=float(rng.uniform(50, 75)), wear=0.1))
    for across in (-LANE_HALF_M - 0.35, LANE_HALF_M + 0.3):
        corners = rectangle(start_m, end_m, across, across + 0.009)
        joints.append(Band(corners, level=60.0, wear=0.1))
    return joints


def repairs(rng: np.random.Generator, start_m: float, end_m: float) -> list[Band]:
    """Return patches with tarred edges, and the seam between two paver widths."""
    bands = []
    for at in np.arange(start_m + 6, end_m - 4, 22.0):
        begin = at + rng.uniform(0, 12)
        size, left = rng.uniform((0.8, 0.7), (2.4, 1.6)), rng.uniform(-1.7, 0.6)
        bands.append(
            Band(
                rectangle(begin, begin + size[0], left, left + size[1]),
                None,
                float(rng.uniform(0.85, 0.93)),
            )
        )
        for edge in (begin, begin + size[0]):
            rim = rectangle(edge, edge + 0.02, left, left + size[1])
            bands.append(Band(rim, None, gain=0.8))
    bands.append(Band(rectangle(start_m, end_m, 1.50, 1.515), None, gain=0.88))
    return bands


def lay(
    band: Band, road: FloatPlane, bare: GrayImage, corner_m: tuple[float, float], cell_m: float
) -> None:
    """Draw one band.

    Args:
        band: What to draw.
        road: (H, W) grey texture around 128, changed in place.
        bare: (H, W) grain of the bare road, which decides where paint is worn off.
        corner_m: Position of the first pixel on the ground, along and across.
        cell_m: Ground size of one pixel.
    """
    points = (band.corners_m - np.array(corner_m)) / cell_m
    top = max(0, int(points[:, 0].min()) - 1)
    bottom = min(road.shape[0], int(points[:, 0].max()) + 2)
    left = max(0, int(points[:, 1].min()) - 1)
    right = min(road.shape[1], int(points[:, 1].max()) + 2)
    if top >= bottom or left >= right:
        return
    shape = np.zeros((bottom - top, right - left), np.uint8)
    local = np.rint((points - (top, left))[:, ::-1] * (1 << _BITS)).astype(np.int32)
    cv2.fillPoly(shape, [local], 255, cv2.LINE_AA, _BITS)
    alpha = shape.astype(np.float32) / 255
    under = road[top:bottom, left:right]
    if band.level is None:
        under *= 1 - alpha * (1 - band.gain)
        return
    grain = bare[top:bottom, left:right].astype(np.float32) - 128
    painted = np.clip((grain / 9 + 4 * (1 - band.wear) - 1.2) * 2, 0, 1) if band.wear else 1.0
    under += alpha * painted * (band.level + 0.35 * grain - under)
