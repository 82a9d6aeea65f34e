"""Lines of paint, drawn over the road of a sample: their edges, gaps and worn places are no cracks.

Few pictures have labelled paint, and then that of one country. Drawn lines show every road of the
training data with white and yellow paint on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from training.truth import CRACK, NO_CRACK, PAINT, SOUND_ROAD, UNKNOWN

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgecrack.records import GrayImage, RgbImage

COLOURS = ((255, 255, 250), (250, 200, 80))
"""White and yellow, RGB, in full light."""


def draw_paint(
    picture: RgbImage, truth: GrayImage, rng: np.random.Generator
) -> tuple[RgbImage, GrayImage]:
    """Return an RGB picture and its truth with one line of paint, whole or dashed, new or worn.

    It covers what is known to be road or to have no crack, and the cracks in it; nothing else. What
    is left to see of those cracks is unknown.
    """
    worn = _line(rng, truth.shape) * _wear(rng, truth.shape)  # (H, W), 0 to 1
    cover = worn * np.isin(truth, (NO_CRACK, SOUND_ROAD, CRACK))
    grey = picture.mean(axis=2, dtype=np.float32)
    light = np.clip(1.2 * float(grey.mean()) / 255 + rng.uniform(0, 0.4), 0.15, 1)
    grain = np.clip(grey / np.maximum(cv2.blur(grey, (15, 15)), 1), 0.85, 1.15)  # shows through
    paint = np.array(COLOURS[rng.integers(2)], np.float32) * np.float32(light) * grain[..., None]
    alpha = cover[..., None]
    painted = np.clip(picture * (1 - alpha) + paint * alpha, 0, 255).astype(np.uint8)
    covered = np.where(truth == CRACK, np.uint8(UNKNOWN), np.uint8(PAINT))
    return painted, np.where(cover > 0.3, covered, truth)


def _line(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return a stripe through a random point as (H, W), 1 inside and 0 outside, edges blurred."""
    height, width = shape
    rows, columns = np.mgrid[:height, :width].astype(np.float32)
    x, y = columns - rng.uniform(0, width), rows - rng.uniform(0, height)
    angle = rng.uniform(0, np.pi)
    across = np.cos(angle) * x + np.sin(angle) * y
    along = np.cos(angle) * y - np.sin(angle) * x
    half = rng.uniform(2, 16) * (
        1 + rng.uniform(-1, 1) * along / max(height, width)
    )  # nearer: wider
    inside = np.clip(half - np.abs(across), 0, 1)
    if rng.random() < 0.4:
        dash = rng.uniform(30, 150)
        inside *= np.clip(
            dash * 0.25 - np.abs((along + rng.uniform(0, dash)) % dash - dash / 2), 0, 1
        )
    return np.asarray(inside, np.float32)


def _wear(rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Return how much of the paint is left, (H, W), 0 to 1: in patches, or nearly all."""
    coarse = rng.random((shape[0] // 4 + 1, shape[1] // 4 + 1), np.float32)
    patches = cv2.resize(coarse, (shape[1], shape[0]), interpolation=cv2.INTER_CUBIC)
    left = rng.uniform(0.6, 0.95) * np.clip(4 * (patches - rng.uniform(-0.3, 0.4)), 0, 1)
    return np.asarray(left, np.float32)
