"""A short drive over a synthetic road: its pictures, true masks and position log."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.errors import SinkError
from edgecrack.records import Fix, GrayImage, RgbImage
from edgecrack.synthetic.motion import ALTITUDE_M, Motion
from edgecrack.synthetic.position_log import nmea
from edgecrack.synthetic.scene import Scene
from edgecrack.synthetic.sensor import DAY, Sensor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SECOND_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class DriveSpec:
    """What to render; two equal specs give equal pictures.

    Attributes:
        seed: Chooses the road, its cracks and its texture.
        seconds: Length of the drive.
        fps: Pictures a second.
        width_px: Picture width.
        height_px: Picture height.
        speed_mps: Mean speed.
        start_ns: UTC of the first picture.
        fix_hz: Positions a second in the log.
    """

    seed: int = 7
    seconds: float = 8.0
    fps: float = 12.5
    width_px: int = 1280
    height_px: int = 720
    speed_mps: float = 12.0
    start_ns: int = 1_780_304_400 * SECOND_NS
    fix_hz: int = 5

    def __post_init__(self) -> None:
        """Refuse a drive without a picture, or of a size that cannot be encoded."""
        if self.seed < 0:
            raise ValueError(f"seed must be 0 or above, not {self.seed}")
        if min(self.seconds, self.fps, self.speed_mps, self.fix_hz) <= 0 or self.frame_count < 1:
            raise ValueError(
                "seconds, fps, speed_mps and fix_hz must be above 0, and seconds x fps give a "
                f"picture, not {self}"
            )
        if self.width_px < 64 or self.height_px < 36 or (self.width_px | self.height_px) % 2:
            size = f"{self.width_px}x{self.height_px}"
            raise ValueError(
                f"width_px and height_px must be even and at least 64x36 for H.264, not {size}"
            )

    @property
    def frame_count(self) -> int:
        """How many pictures the drive has."""
        return round(self.seconds * self.fps)

    def pts_ns(self, index: int) -> int:
        """Return the time of a picture since the first."""
        return round(index * SECOND_NS / self.fps)


@dataclass(frozen=True, slots=True)
class DriveFrame:
    """One picture and its true crack mask.

    Attributes:
        index: Zero-based number.
        pts_ns: Time since the first picture.
        picture: What the camera saw.
        mask: 255 where crack fills at least a third of the pixel, else 0.
    """

    index: int
    pts_ns: int
    picture: RgbImage
    mask: GrayImage


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive on disk.

    Attributes:
        spec: What was rendered.
        video: The pictures as H.264.
        positions: The NMEA log.
        truth: Folder of true masks, ``NNNNNNNN.png`` by frame index.
        fixes: The positions in the log.
    """

    spec: DriveSpec
    video: Path
    positions: Path
    truth: Path
    fixes: tuple[Fix, ...]

    @property
    def start_ns(self) -> int:
        """UTC of the first picture."""
        return self.spec.start_ns


def render_frames(spec: DriveSpec) -> Iterator[DriveFrame]:
    """Yield the drive's pictures in order; the same spec always yields the same pixels."""
    motion = Motion(spec.speed_mps)
    size_px = (spec.height_px, spec.width_px)
    scene = Scene(spec.seed, motion.along_m(spec.seconds), size_px)
    sensor = Sensor(size_px, DAY, spec.seed)
    for index in range(spec.frame_count):
        pts_ns = spec.pts_ns(index)
        picture, mask = scene.look(motion, pts_ns / SECOND_NS, sensor, index)
        yield DriveFrame(index, pts_ns, picture, mask)


def drive_fixes(spec: DriveSpec) -> tuple[Fix, ...]:
    """Return the positions, from a second before the first picture to a second after the last."""
    motion = Motion(spec.speed_mps)
    first, last = -spec.fix_hz, int(np.ceil((spec.seconds + 1) * spec.fix_hz))
    return tuple(_fix(spec, motion, number / spec.fix_hz) for number in range(first, last + 1))


def write_drive(
    spec: DriveSpec,
    folder: Path,
    on_frame: Callable[[int, int], object] = lambda _done, _total: None,
) -> Drive:
    """Render a drive to ``drive.mp4``, ``drive.nmea`` and ``truth/``.

    Args:
        spec: What to render.
        folder: Where to write; created if missing.
        on_frame: Told after each picture how many are written, and of how many.

    Raises:
        SinkError: A file could not be written.
    """
    from edgecrack.gst.writer import VideoWriter  # noqa: PLC0415  (GStreamer only when encoding)

    fixes = drive_fixes(spec)
    drive = Drive(spec, folder / "drive.mp4", folder / "drive.nmea", folder / "truth", fixes)
    try:
        drive.truth.mkdir(parents=True, exist_ok=True)
        drive.positions.write_text(nmea(fixes), encoding="ascii", newline="")
    except OSError as error:
        raise SinkError(
            f"the drive cannot be written to {folder}: {error.strerror}; choose another folder"
        ) from error
    writer = VideoWriter(drive.video, spec.width_px, spec.height_px, spec.fps)
    try:
        for frame in render_frames(spec):
            writer.write(frame.picture, frame.pts_ns)
            _write_mask(drive.truth / f"{frame.index:08d}.png", frame.mask)
            on_frame(frame.index + 1, spec.frame_count)
    finally:
        writer.close()
    return drive


def _fix(spec: DriveSpec, motion: Motion, time_s: float) -> Fix:
    lat_deg, lon_deg = motion.place_at(time_s)
    return Fix(
        time_ns=spec.start_ns + round(time_s * SECOND_NS),
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        alt_m=ALTITUDE_M,
        heading_deg=motion.heading_at(time_s),
        speed_mps=motion.speed_at(time_s),
        hdop=0.8,
    )


def _write_mask(path: Path, mask: GrayImage) -> None:
    if not cv2.imwrite(str(path), mask):
        raise SinkError(f"the true mask {path} could not be written; free some space")
