"""The golden frames that a self-test compares a model on: with cracks, without, and at night.

They come from the synthetic drive alone, so no licence of real pictures restricts shipping them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.synthetic.motion import Motion
from edgecrack.synthetic.scene import FARTHEST_M, NEAREST_M, Scene
from edgecrack.synthetic.sensor import DAY, NIGHT, Sensor

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.records import GrayImage, RgbImage

SEED = 11
LENGTH_M = 60.0
STEP_M = 0.5
_NEAR_M = 3.5


@dataclass(frozen=True, slots=True)
class Golden:
    """A picture and its true crack mask.

    Attributes:
        picture: What the camera saw.
        mask: 255 where it is cracked, else 0; same height and width.
    """

    picture: RgbImage
    mask: GrayImage


def golden_frames(width_px: int, height_px: int) -> Mapping[str, RgbImage]:
    """Return the pictures "crack", "clean" and "dark", always the same for the same size.

    Args:
        width_px: Width wanted.
        height_px: Height wanted; the 16:9 picture is resized to it, whatever the aspect.
    """
    return {name: golden.picture for name, golden in golden_set(width_px, height_px).items()}


def golden_set(width_px: int, height_px: int) -> Mapping[str, Golden]:
    """Return the pictures of ``golden_frames`` together with their true masks."""
    rendered = _rendered(max(1280, width_px + width_px % 2))
    return {
        name: _squeeze(picture, mask, width_px, height_px)
        for name, (picture, mask) in rendered.items()
    }


@lru_cache(maxsize=1)
def _rendered(wide_px: int) -> Mapping[str, tuple[RgbImage, GrayImage]]:
    """Return the pictures and masks as large as they are rendered: the same for most sizes."""
    size_px = (wide_px * 9 // 16, wide_px)
    scene, motion = Scene(SEED, LENGTH_M, size_px), Motion(speed_mps=1.0)
    crack_m, clean_m = _places(scene)
    day, night = Sensor(size_px, DAY, SEED), Sensor(size_px, NIGHT, SEED)
    frames = (("crack", crack_m, day), ("clean", clean_m, day), ("dark", crack_m + STEP_M, night))
    return {
        name: scene.look(motion, at_m, sensor, index)
        for index, (name, at_m, sensor) in enumerate(frames)
    }


def _places(scene: Scene) -> tuple[float, float]:
    """Return where along the road most crack is close ahead, and where none is in view."""
    places = np.arange(0.0, LENGTH_M, STEP_M)
    close = [scene.plan.cracked_m(at + NEAREST_M, at + _NEAR_M) for at in places]
    clean = [at for at in places if scene.plan.cracked_m(at, at + FARTHEST_M + 1) == 0]
    return float(places[int(np.argmax(close))]), float(clean[0])


def _squeeze(picture: RgbImage, mask: GrayImage, width_px: int, height_px: int) -> Golden:
    size = (width_px, height_px)
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    share = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    truth = np.where(share >= 128, np.uint8(255), np.uint8(0))
    return Golden(np.asarray(small, np.uint8), truth)
