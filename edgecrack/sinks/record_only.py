"""What is left to write when output lags behind a camera: a record without its pixels."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.records import NO_PICTURE

if TYPE_CHECKING:
    from edgecrack.records import Detection, Observation

_NO_PLANE = np.zeros((0, 0), np.uint8)


def without_pictures(observation: Observation) -> Observation:
    """Return the same record with empty pictures: some hundred bytes instead of megabytes."""
    return replace(observation, detection=detection_only(observation.detection))


def detection_only(detection: Detection) -> Detection:
    """Return the same detection with empty pictures."""
    frame = replace(detection.frame, image=NO_PICTURE, evidence=NO_PICTURE)
    return replace(detection, frame=frame, mask=_NO_PLANE)


def has_pictures(observation: Observation) -> bool:
    """Whether the pixels are still there."""
    return observation.mask.size > 0
