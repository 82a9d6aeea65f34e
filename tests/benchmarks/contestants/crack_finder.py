"""What every peer does with a frame: scale, ask the network, make the mask, write two files.

Written as a user of OpenCV would, with the pixels and the rules of edgecrack: aspect kept, mirrored
borders, no crack off the road, evidence at most 1280 wide.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.benchmarks.contestants import network

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.benchmarks.contestants.job import Job

    Picture = NDArray[np.uint8]

_EVIDENCE_WIDTH_PX = 1280


class CrackFinder:
    """Finds cracks in BGR frames, and writes them down.

    Attributes:
        runs_on: The library that runs the network, and its version.
    """

    def __init__(self, job: Job) -> None:
        self._job, self._folder = job, Path(job.folder)
        for name in ("masks", "frames"):
            (self._folder / name).mkdir(parents=True)
        self._answer, self.runs_on = network.load(job)
        width_px, height_px = job.input_px
        self._answer(np.zeros((height_px, width_px, 3), np.uint8))  # allocates; not measured

    def find(self, frame: Picture) -> Picture:
        """Return the mask of a frame, as large as its evidence."""
        picture, inner = _network_input(frame, self._job.input_px)
        planes = self._answer(picture)
        crack = planes["probability"][inner]
        if self._job.road_threshold is not None:
            crack = np.where(planes["road"][inner] >= self._job.road_threshold, crack, 0)
        width_px, height_px = _evidence_px(frame)
        if crack.shape != (height_px, width_px):
            size_px = (width_px, height_px)
            crack = np.asarray(cv2.resize(crack, size_px, interpolation=cv2.INTER_LINEAR), np.uint8)
        return np.where(crack >= self._job.threshold, np.uint8(255), np.uint8(0))

    def keep(self, frame: Picture, mask: Picture, number: int) -> None:
        """Write the mask as PNG and the evidence as JPEG."""
        size_px = _evidence_px(frame)
        if size_px != frame.shape[1::-1]:
            frame = np.asarray(cv2.resize(frame, size_px, interpolation=cv2.INTER_AREA), np.uint8)
        cv2.imwrite(str(self._folder / "masks" / f"{number:08d}.png"), mask)
        quality = [cv2.IMWRITE_JPEG_QUALITY, 90]
        cv2.imwrite(str(self._folder / "frames" / f"{number:08d}.jpg"), frame, quality)


def _network_input(
    frame: Picture, input_px: tuple[int, int]
) -> tuple[Picture, tuple[slice, slice]]:
    """Return the picture for the network, RGB, and where in it the frame lies."""
    height_px, width_px, _ = frame.shape
    scale = min(input_px[0] / width_px, input_px[1] / height_px)
    size_px = (round(width_px * scale), round(height_px * scale))
    if size_px != (width_px, height_px):
        way = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        frame = np.asarray(cv2.resize(frame, size_px, interpolation=way), np.uint8)
    left, top = (input_px[0] - size_px[0]) // 2, (input_px[1] - size_px[1]) // 2
    right, bottom = input_px[0] - size_px[0] - left, input_px[1] - size_px[1] - top
    picture = np.asarray(cv2.cvtColor(frame, cv2.COLOR_BGR2RGB), np.uint8)
    if left or top or right or bottom:
        sides = (top, bottom, left, right)
        picture = np.asarray(cv2.copyMakeBorder(picture, *sides, cv2.BORDER_REFLECT_101), np.uint8)
    return picture, (slice(top, top + size_px[1]), slice(left, left + size_px[0]))


def _evidence_px(frame: Picture) -> tuple[int, int]:
    height_px, width_px, _ = frame.shape
    evidence_width_px = min(width_px, _EVIDENCE_WIDTH_PX)
    return evidence_width_px, round(height_px * evidence_width_px / width_px)
