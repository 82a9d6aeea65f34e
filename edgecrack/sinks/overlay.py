"""A video of the drive with the cracks drawn in, for people."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.sinks.record_only import has_pictures
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from edgecrack.gst.writer import VideoWriter
    from edgecrack.records import (
        CrackMeasure,
        Fix,
        Frame,
        GrayImage,
        Observation,
        RgbImage,
    )
    from edgecrack.storage.run_folder import RunFolder

_CRACK_RGB = np.array((255, 0, 144), np.float32)  # no road, sign or marking has it
_OPACITY = 0.7


class OverlaySink:
    """Write ``overlay.mp4``: every frame, its crack, and a line that says when and where.

    Fragmented MP4: whatever was synced plays after a power cut. The video starts at time 0.
    GStreamer writes the file itself; only making it durable goes through the folder's disk.

    Attributes:
        missed: Frames left out because their pictures had been given up on the way.
    """

    def __init__(self, folder: RunFolder, *, fps: float, in_hardware: bool = True) -> None:
        """Remember where to write; the file begins with the first picture.

        Args:
            folder: Where to write.
            fps: The nominal rate to declare; each picture keeps its own time.
            in_hardware: Let a board's own unit encode, where it has one.
        """
        self.missed = 0
        self._path, self._fps, self._in_hardware = folder.path / "overlay.mp4", fps, in_hardware
        self._disk, self._has_durable_name = folder.disk, False
        self._video: VideoWriter | None = None
        self._first_pts_ns = 0
        self._size_px = (0, 0)  # width, height

    def write(self, observation: Observation) -> None:
        """Draw and encode. A picture of another size than the video is scaled to it.

        The video has the size of the first picture, or the least that an encoder takes.

        Raises:
            SinkError: The file cannot be written.
        """
        if not has_pictures(observation):
            self.missed += 1
            return
        picture = to_overlay(observation)
        video = self._video or self._begin(observation)
        if picture.shape[1::-1] != self._size_px:
            picture = cv2.resize(picture, self._size_px).astype(np.uint8, copy=False)
        video.write(picture, observation.frame.pts_ns - self._first_pts_ns)

    def sync(self) -> None:
        """Make durable what the encoder has handed to the file.

        Raises:
            SinkError: The disk is full or broken.
        """
        if self._video is None:
            return
        self._disk.sync(self._path)
        if not self._has_durable_name:
            self._disk.sync(self._path.parent)
            self._has_durable_name = True

    def close(self) -> None:
        """Finish the file and make it durable; safe to call twice.

        Raises:
            SinkError: The end of the file cannot be written.
        """
        if self._video is not None:
            self._video.close()
            self.sync()
            self._video = None

    def _begin(self, observation: Observation) -> VideoWriter:
        from edgecrack.gst.writer import (  # noqa: PLC0415  GStreamer only when asked for
            LEAST_SIDE_PX,
            VideoWriter,
        )

        height_px, width_px = observation.mask.shape
        self._size_px = (max(width_px, LEAST_SIDE_PX), max(height_px, LEAST_SIDE_PX))
        self._first_pts_ns = observation.frame.pts_ns
        self._video = VideoWriter(
            self._path, *self._size_px, self._fps, in_hardware=self._in_hardware
        )
        return self._video


def to_overlay(observation: Observation) -> RgbImage:
    """Return a copy of the evidence picture with crack and caption drawn in."""
    return draw(observation.frame.evidence, observation.mask, caption(observation))


def draw(evidence: RgbImage, mask: GrayImage | None, text: str) -> RgbImage:
    """Return a copy of a picture with the pixels of a mask, and a line at its bottom, drawn in."""
    picture = evidence.copy()
    if mask is not None:
        pixels = picture.reshape(-1, 3)
        crack = np.flatnonzero(mask)  # ten times as fast as indexing with the mask
        pixels[crack] = (pixels[crack] * (1 - _OPACITY) + _CRACK_RGB * _OPACITY).astype(np.uint8)
    scale = max(0.35, picture.shape[1] / 1920)
    for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):  # white with a dark edge
        place = (round(12 * scale) + 4, picture.shape[0] - round(16 * scale) - 4)
        font = cv2.FONT_HERSHEY_SIMPLEX
        cv2.putText(picture, text, place, font, scale, colour, thickness, cv2.LINE_AA)
    return picture


def caption(observation: Observation) -> str:
    """Return what is known of a frame: its index, time, place, and that it shows no road."""
    return words(observation.frame, observation.measure, observation.placement.pose)


def words(frame: Frame, measure: CrackMeasure | None = None, pose: Fix | None = None) -> str:
    """Return what is known of a frame; nothing is said of what nobody knows or looked for."""
    parts = [f"frame {frame.index}"]
    if frame.captured_ns is not None:
        parts.append(to_iso(frame.captured_ns))
    if pose is not None:
        parts.append(f"{pose.lat_deg:.6f} {pose.lon_deg:.6f}")
    if measure is not None and measure.is_without_road:
        parts.append("no road")
    return "  ".join(parts)
