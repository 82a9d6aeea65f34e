"""A picture of any size through a network of one size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.letterbox import letterbox
from edgecrack.mask import on_road
from edgecrack.mirrored_borders import add_borders
from edgecrack.records import Answer

if TYPE_CHECKING:
    from edgecrack.records import GrayImage, RgbImage
    from edgecrack.segmenters import Segmenter


def picture_answer(segmenter: Segmenter, picture: RgbImage) -> Answer:
    """Return what a run sees in an RGB picture (H, W, 3) of any size; its aspect is kept.

    The planes are of the picture's size. Off the road the probability is 0, as in a run.

    Args:
        segmenter: The network.
        picture: RGB, ``uint8``.

    Raises:
        BundleError: The network fails on it, or is closed.

    Example:
        >>> from edgecrack.segmenters import DarkSegmenter
        >>> picture = np.full((30, 90, 3), 200, np.uint8)
        >>> picture[:, 60:] = 0
        >>> probability = picture_answer(DarkSegmenter(30, 30), picture).probability
        >>> probability.shape, int(probability[15, 10]), int(probability[15, 80])
        ((30, 90), 0, 255)
    """
    height_px, width_px, _ = picture.shape
    input_px = (segmenter.width_px, segmenter.height_px)
    box = letterbox((width_px, height_px), input_px)
    seen = segmenter.answer(as_input(picture, input_px)).changed(box.crop)
    reported = Answer(on_road(seen, segmenter.road_threshold), seen.road)
    return reported.changed(lambda plane: _enlarged(plane, (width_px, height_px)))


def as_input(picture: RgbImage, input_px: tuple[int, int]) -> RgbImage:
    """Return a picture (H, W, 3) as a run shows it to a network: scaled, with mirrored borders.

    Args:
        picture: RGB, ``uint8``, of any size.
        input_px: Width and height of the network's input.

    Example:
        >>> as_input(np.zeros((30, 90, 3), np.uint8), (64, 32)).shape
        (32, 64, 3)
    """
    height_px, width_px, _ = picture.shape
    box = letterbox((width_px, height_px), input_px)
    return add_borders(_scaled(picture, box.picture_px), box.borders)


def _enlarged(plane: GrayImage, size_px: tuple[int, int]) -> GrayImage:
    """Return a plane of the answer at another size."""
    if plane.shape[1::-1] == size_px:
        return plane
    return np.asarray(cv2.resize(plane, size_px, interpolation=cv2.INTER_LINEAR), np.uint8)


def _scaled(picture: RgbImage, size_px: tuple[int, int]) -> RgbImage:
    """Return the picture at another size: thin cracks stay where areas are averaged."""
    if picture.shape[1::-1] == size_px:
        return picture
    is_smaller = size_px[0] < picture.shape[1]
    way = cv2.INTER_AREA if is_smaller else cv2.INTER_LINEAR
    return np.asarray(cv2.resize(picture, size_px, interpolation=way), np.uint8)
