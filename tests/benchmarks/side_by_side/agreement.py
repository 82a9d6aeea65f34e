"""How far two folders of masks say the same."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Agreement:
    """Masks against the reference's, frame by frame.

    Attributes:
        frames: Frames that have a mask in both.
        missing: Frames that have one in only one of them.
        iou: Pixels marked in both over pixels marked in either, of all frames together, 0 to 1;
            1 where nothing is marked.
        differing_px: Pixels that differ, a frame.
    """

    frames: int
    missing: int
    iou: float
    differing_px: float


def agreement(masks: Path, reference: Path) -> Agreement:
    """Compare the masks of two folders, which are paired by name.

    Raises:
        ValueError: Two masks of a frame have different sizes, or one cannot be read.
    """
    names = {path.name for path in masks.glob("*.png")}
    others = {path.name for path in reference.glob("*.png")}
    both = either = 0
    for name in sorted(names & others):
        mask, other = _marked(masks / name), _marked(reference / name)
        if mask.shape != other.shape:
            raise ValueError(f"{name} must be {other.shape} as in {reference}, not {mask.shape}")
        both += int(np.count_nonzero(mask & other))
        either += int(np.count_nonzero(mask | other))
    return Agreement(
        frames=len(names & others),
        missing=len(names ^ others),
        iou=both / either if either else 1.0,
        differing_px=(either - both) / max(1, len(names & others)),
    )


def _marked(path: Path) -> NDArray[np.bool_]:
    mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise ValueError(f"{path} must be a picture, and cannot be read")
    return np.asarray(mask) > 127
