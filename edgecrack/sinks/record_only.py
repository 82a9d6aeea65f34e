"""An observation without its pixels: what is left to write when output lags behind a camera."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from edgecrack.records import Observation

_NO_PICTURE = np.zeros((0, 0, 3), np.uint8)
_NO_PLANE = np.zeros((0, 0), np.uint8)


def without_pictures(observation: Observation) -> Observation:
    """Return the same record with empty pictures: some hundred bytes instead of megabytes."""
    frame = replace(observation.frame, image=_NO_PICTURE, evidence=_NO_PICTURE)
    detection = replace(observation.detection, frame=frame, mask=_NO_PLANE)
    return replace(observation, detection=detection)


def has_pictures(observation: Observation) -> bool:
    """Whether the pixels are still there."""
    return observation.mask.size > 0
