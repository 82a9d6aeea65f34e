"""What edgecrack's run folder says of the camera's pictures: which it saw, how old it took them.

Its report counts an age from the time at which it takes a picture to have been captured. That time
is in the EXIF data of each picture, the camera's number in its pixels: so the time can be held
against the camera's own.
"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

from edgecrack.exif_time import exif_time_ns
from tests.benchmarks.contestants import frame_number

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.benchmarks.side_by_side.live import FilmedClip


def shown_numbers(run: Path) -> list[int | None]:
    """Return the camera's number of each evidence picture, in order."""
    paths = sorted((run / "frames").glob("*.jpg"))
    return [frame_number.read(np.asarray(cv2.imread(str(path)), np.uint8)) for path in paths]


def capture_lag_ms(run: Path, numbers: Sequence[int | None], filmed: FilmedClip) -> float:
    """Return how long after it was taken a picture counts as captured: the median.

    Args:
        run: The run's folder.
        numbers: Of its evidence pictures, in order.
        filmed: What the camera took.
    """
    lags = []
    for path, number in zip(sorted((run / "frames").glob("*.jpg")), numbers, strict=True):
        with Image.open(path) as picture:
            captured_ns = exif_time_ns(picture.getexif())
        if number is not None and captured_ns is not None:
            taken_ns = filmed.began_utc_ns + filmed.taken_after_ns(number)
            lags.append((captured_ns - taken_ns) / 1e6)
    return median(lags)
