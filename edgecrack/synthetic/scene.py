"""Road, camera and light together: a picture and its true mask at any instant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from edgecrack.synthetic.camera import Camera, Pyramid, reduced, view, view_colour
from edgecrack.synthetic.plan import plan_road
from edgecrack.synthetic.road import BLOCK_M, CELL_M, Road
from edgecrack.synthetic.texture import COLOUR_CELL_M

if TYPE_CHECKING:
    from edgecrack.records import GrayImage, RgbImage
    from edgecrack.synthetic.motion import Motion
    from edgecrack.synthetic.sensor import Sensor

NEAREST_M, FARTHEST_M = 1.2, 8.0
BLOCKS_IN_VIEW = 3
COVERED = 255 / 3
"""A pixel is crack when crack fills a third of it, about when a person begins to see a line."""


class Scene:
    """A stretch of road and a camera over it.

    Args:
        seed: Chooses the road and its cracks.
        length_m: How far the vehicle drives on it.
        size_px: Picture height and width.
    """

    def __init__(self, seed: int, length_m: float, size_px: tuple[int, int]) -> None:
        self.plan = plan_road(seed, length_m + FARTHEST_M + BLOCKS_IN_VIEW * BLOCK_M)
        self._road = Road(self.plan, seed)
        self._camera = Camera(width_px=size_px[1], height_px=size_px[0])
        self._size_px = size_px
        self._first = -1
        self._strips: tuple[Pyramid, Pyramid] | None = None

    def look(
        self, motion: Motion, time_s: float, sensor: Sensor, index: int
    ) -> tuple[RgbImage, GrayImage]:
        """Return the picture and the true mask, 0 or 255, at one instant.

        Args:
            motion: Where the vehicle is.
            time_s: The instant, since the start of the drive.
            sensor: Turns what the camera sees into pixels.
            index: Number of the picture; chooses its noise.
        """
        at_m = motion.along_m(time_s)
        to_picture = self._camera.picture_from_ground(
            motion.lateral_m(time_s), motion.pitch_deg(time_s)
        )
        texture, truth = self._ahead(at_m)
        grey = view(texture, to_picture, at_m, self._size_px)
        colour = view_colour(self._road.colour, to_picture, at_m, COLOUR_CELL_M, self._size_px)
        coverage = view(truth, to_picture, at_m, self._size_px)
        mask = np.where(coverage >= COVERED, np.uint8(255), np.uint8(0))
        return sensor.expose(grey, colour, index), mask

    def _ahead(self, at_m: float) -> tuple[Pyramid, Pyramid]:
        """Return texture and true cracks of the road in view, rebuilt only every few metres."""
        first = int((at_m + NEAREST_M) // BLOCK_M)
        if self._strips is None or first != self._first:
            strip = self._road.strip(first, BLOCKS_IN_VIEW)
            self._strips = (
                reduced(strip.grey, strip.start_m, CELL_M),
                reduced(strip.coverage, strip.start_m, CELL_M),
            )
            self._first = first
        return self._strips
