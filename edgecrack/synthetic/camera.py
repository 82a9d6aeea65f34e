"""How a camera behind the windscreen sees a flat road: perspective without aliasing.

A pinhole camera at a height, pitched down, over a plane (Hartley and Zisserman, 2nd ed., 8.1.1).
Far rows squeeze many centimetres into one pixel, so the strip is first averaged to coarser copies
and each row blends the two that fit it: otherwise distant grain would flicker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
from numpy.typing import NDArray

from edgecrack.synthetic.plan import HALF_WIDTH_M

if TYPE_CHECKING:
    from edgecrack.records import GrayImage
    from edgecrack.synthetic.texture import FloatPlane

Homography = NDArray[np.float64]

REDUCTIONS = ((1, 1), (2, 1), (4, 1), (8, 2), (16, 2))
"""How many cells along and across the road one cell of each coarser copy averages."""


@dataclass(frozen=True, slots=True)
class Camera:
    """A camera fixed to the vehicle; the defaults show the road as survey vehicles see it.

    Attributes:
        width_px: Picture width.
        height_px: Picture height.
        height_m: Lens above the road.
        pitch_deg: Downward tilt of the optical axis.
        focal_heights: Focal length in picture heights.
    """

    width_px: int
    height_px: int
    height_m: float = 1.45
    pitch_deg: float = 28.0
    focal_heights: float = 1.6

    def picture_from_ground(self, lateral_m: float, pitch_deg: float = 0.0) -> Homography:
        """Return the homography from (right, forward, 1) in metres to pixels.

        Args:
            lateral_m: How far the camera is to the right of the lane's middle.
            pitch_deg: Extra downward tilt, as when braking.
        """
        pitch = np.radians(self.pitch_deg + pitch_deg)
        sine, cosine = np.sin(pitch), np.cos(pitch)
        focal = self.focal_heights * self.height_px
        centre_x, centre_y = (self.width_px - 1) / 2, (self.height_px - 1) / 2
        pinhole = np.array(
            (
                (focal, centre_x * cosine, centre_x * self.height_m * sine),
                (
                    0,
                    centre_y * cosine - focal * sine,
                    self.height_m * (centre_y * sine + focal * cosine),
                ),
                (0, cosine, self.height_m * sine),
            )
        )
        shift = np.array(((1, 0, -lateral_m), (0, 1, 0), (0, 0, 1)))
        return np.asarray(pinhole @ shift, np.float64)


@dataclass(frozen=True, slots=True)
class Pyramid:
    """A strip of road and its coarser copies.

    Attributes:
        start_m: Where along the road row 0 begins.
        cell_m: Ground size of one cell of the finest copy.
        copies: One plane for each of ``REDUCTIONS``.
    """

    start_m: float
    cell_m: float
    copies: tuple[GrayImage, ...]


def reduced(plane: GrayImage, start_m: float, cell_m: float) -> Pyramid:
    """Average a strip to its coarser copies."""
    copies = [plane]
    for along, across in REDUCTIONS[1:]:
        size = (plane.shape[1] // across, plane.shape[0] // along)
        coarser = cv2.resize(copies[-1], size, interpolation=cv2.INTER_AREA)
        copies.append(np.asarray(coarser, np.uint8))
    return Pyramid(start_m, cell_m, tuple(copies))


def view(
    strip: Pyramid, to_picture: Homography, at_m: float, size_px: tuple[int, int]
) -> FloatPlane:
    """Return what the camera sees of a strip, ``float32`` (H, W), 0 to 255.

    Args:
        strip: The road.
        to_picture: From ``Camera.picture_from_ground``.
        at_m: Where along the road the camera is.
        size_px: Picture height and width.
    """
    to_ground: Homography = np.asarray(np.linalg.inv(to_picture), np.float64)
    fineness = _fineness(to_ground, strip.cell_m, size_px)
    image = np.zeros(size_px, np.float32)
    for level, (copy, cells) in enumerate(zip(strip.copies, REDUCTIONS, strict=True)):
        weight = np.clip(1 - np.abs(fineness - level), 0, 1).astype(np.float32)
        rows = np.flatnonzero(weight)
        if not len(rows):
            continue
        top, bottom = int(rows[0]), int(rows[-1]) + 1
        to_strip = _cells_from_ground(strip.start_m - at_m, strip.cell_m, cells)
        shift = np.array(((1, 0, 0), (0, 1, top), (0, 0, 1)), float)
        band = cv2.warpPerspective(
            copy,
            to_strip @ to_ground @ shift,
            (size_px[1], bottom - top),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        )
        image[top:bottom] += band * weight[top:bottom, None]
    return image


def view_colour(
    colour: FloatPlane, to_picture: Homography, at_m: float, cell_m: float, size_px: tuple[int, int]
) -> FloatPlane:
    """Return the road's broad colour as the camera sees it, ``float32`` (H, W, 3)."""
    to_strip = _cells_from_ground(-at_m, cell_m, (1, 1))
    image = cv2.warpPerspective(
        colour,
        to_strip @ np.linalg.inv(to_picture),
        size_px[::-1],
        flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    return np.asarray(image, np.float32)


def _cells_from_ground(start_m: float, cell_m: float, cells: tuple[int, int]) -> Homography:
    """Return the map from ground metres to (column, row) of a copy of the strip."""
    along, across = cells[0] * cell_m, cells[1] * cell_m
    return np.array(
        (
            (1 / across, 0, HALF_WIDTH_M / across - 0.5),
            (0, 1 / along, -start_m / along - 0.5),
            (0, 0, 1),
        )
    )


def _fineness(to_ground: Homography, cell_m: float, size_px: tuple[int, int]) -> FloatPlane:
    """Return for each row log2 of its length along the road in cells, clipped: 0 is finest."""
    rows = np.arange(size_px[0] + 1)
    centre = np.stack((np.full(len(rows), size_px[1] / 2), rows, np.ones(len(rows))))
    ground = to_ground @ centre
    forward = ground[1] / ground[2]
    row_cells = np.abs(np.diff(forward)) / cell_m
    return np.asarray(np.clip(np.log2(row_cells), 0, len(REDUCTIONS) - 1), np.float32)
