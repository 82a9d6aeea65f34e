"""A video of a fixed rate, made of the frames of another: what a camera of that rate would give."""

from __future__ import annotations

from contextlib import closing
from itertools import chain, cycle, islice
from typing import TYPE_CHECKING

from edgecrack.errors import InputError
from edgecrack.gst.writer import VideoWriter
from edgecrack.sources import SourceSpec, open_source

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from edgecrack.records import RgbImage

MOST_FRAMES = 120
"""Frames of the other video that are kept in memory, and shown to and fro."""


SMALL_PX = (64, 32)
"""Input of a network for which nothing is inferred here."""


def read_frames(address: str, most: int = MOST_FRAMES) -> list[RgbImage]:
    """Return the first frames of a video or a folder, RGB (H, W, 3), at most 1280 wide.

    Raises:
        InputError: It holds no picture, or cannot be read.
    """
    with closing(open_source(SourceSpec(address=address), [SMALL_PX])) as source:
        frames = [frame.evidence.copy() for frame in islice(source, most) if frame is not None]
    if not frames:
        raise InputError(f"{address} must hold pictures to measure with, and holds none.")
    return frames


def write_clip(frames: Iterable[RgbImage], path: Path, fps: float, count: int) -> None:
    """Write an H.264 video of a fixed rate: the frames forwards, then backwards, and so on.

    Args:
        frames: RGB, all of one size.
        path: The MP4 file.
        fps: Its rate.
        count: How many frames it gets.
    """
    there = list(frames)
    and_back = there[-2:0:-1]
    height_px, width_px, _ = there[0].shape
    with closing(VideoWriter(path, width_px, height_px, fps)) as writer:
        for number, frame in enumerate(islice(cycle(chain(there, and_back)), count)):
            writer.write(frame, round(number * 1e9 / fps))
