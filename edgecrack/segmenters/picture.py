"""A picture of any size through a network of one size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.letterbox import letterbox
from edgecrack.mirrored_borders import add_borders

if TYPE_CHECKING:
    from edgecrack.records import GrayImage, RgbImage
    from edgecrack.segmenters import Segmenter


def picture_probability(segmenter: Segmenter, picture: RgbImage) -> GrayImage:
    """Return 0..255, (H, W), for an RGB picture (H, W, 3) of any size; its aspect is kept.

    Args:
        segmenter: The network.
        picture: RGB, ``uint8``.

    Raises:
        BundleError: The network fails on it, or is closed.

    Example:
        >>> from edgecrack.segmenters import DarkSegmenter
        >>> picture = np.full((30, 90, 3), 200, np.uint8)
        >>> picture[:, 60:] = 0
        >>> probability = picture_probability(DarkSegmenter(30, 30), picture)
        >>> probability.shape, int(probability[15, 10]), int(probability[15, 80])
        ((30, 90), 0, 255)
    """
    height_px, width_px, _ = picture.shape
    box = letterbox((width_px, height_px), (segmenter.width_px, segmenter.height_px))
    shown = add_borders(_scaled(picture, box.picture_px), box.borders)
    probability = box.crop(segmenter.probability(shown))
    if probability.shape == (height_px, width_px):
        return probability
    whole = cv2.resize(probability, (width_px, height_px), interpolation=cv2.INTER_LINEAR)
    return np.asarray(whole, np.uint8)


def _scaled(picture: RgbImage, size_px: tuple[int, int]) -> RgbImage:
    """Return the picture at another size: thin cracks stay where areas are averaged."""
    if picture.shape[1::-1] == size_px:
        return picture
    is_smaller = size_px[0] < picture.shape[1]
    way = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size_px, interpolation=way), np.uint8)
