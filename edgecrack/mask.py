"""From the network's answer to a mask on the evidence picture, and what it amounts to."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.records import Answer, CrackMeasure, Region

if TYPE_CHECKING:
    from edgecrack.records import GrayImage


def on_road(answer: Answer, road_threshold: int | None) -> GrayImage:
    """Return the crack probability where there is road, and 0 elsewhere.

    Args:
        answer: What the network says; without a road its probability is returned as it is.
        road_threshold: A pixel is road when its road is at least this, 0..255.

    Example:
        >>> picture = np.array([[9, 200]], np.uint8), np.array([[127, 128]], np.uint8)
        >>> on_road(Answer(*picture), 128).tolist()
        [[0, 200]]
    """
    road = _road_mask(answer, road_threshold)
    if road is None:
        return answer.probability
    return np.asarray(cv2.bitwise_and(answer.probability, road), np.uint8)


def road_share(answer: Answer, road_threshold: int | None) -> float | None:
    """Return which share of the pixels is road, 0 to 1; None where the network does not say."""
    road = _road_mask(answer, road_threshold)
    return None if road is None else cv2.countNonZero(road) / road.size


def _road_mask(answer: Answer, road_threshold: int | None) -> GrayImage | None:
    if answer.road is None or road_threshold is None:
        return None
    mask = cv2.threshold(answer.road, road_threshold - 1, 255, cv2.THRESH_BINARY)[1]
    return np.asarray(mask, np.uint8)


def region_on_canvas(
    region: Region, source_px: tuple[int, int], canvas_px: tuple[int, int]
) -> Region:
    """Return where ``region`` of a source picture lies on a canvas of another size.

    Args:
        region: In source pixels.
        source_px: Width and height of the source picture.
        canvas_px: Width and height of the canvas, which shows the whole source picture.

    Example:
        >>> region_on_canvas(Region(0, 540, 1920, 540), (1920, 1080), (960, 540))
        Region(x_px=0, y_px=270, width_px=960, height_px=270)
    """
    across, down = canvas_px[0] / source_px[0], canvas_px[1] / source_px[1]
    left, top = round(region.x_px * across), round(region.y_px * down)
    right = round((region.x_px + region.width_px) * across)
    bottom = round((region.y_px + region.height_px) * down)
    return Region(
        min(left, canvas_px[0] - 1),
        min(top, canvas_px[1] - 1),
        max(right - left, 1),
        max(bottom - top, 1),
    )


def to_mask(
    probability: GrayImage, threshold: int, where: Region, canvas_px: tuple[int, int]
) -> GrayImage:
    """Return a mask (H, W) of 0 and 255 the size of the canvas, 0 outside ``where``.

    Args:
        probability: 0..255, of any size; it is stretched over ``where``.
        threshold: A pixel is crack when its probability is at least this.
        where: Where on the canvas the network looked.
        canvas_px: Width and height of the mask.

    Example:
        >>> to_mask(np.full((2, 2), 200, np.uint8), 128, Region(1, 0, 1, 1), (3, 1)).tolist()
        [[0, 255, 0]]
    """
    size = (where.width_px, where.height_px)
    if probability.shape != size[::-1]:
        stretched = cv2.resize(probability, size, interpolation=cv2.INTER_LINEAR)
        probability = np.asarray(stretched, np.uint8)
    crack = cv2.threshold(probability, threshold - 1, 255, cv2.THRESH_BINARY)[1]
    if size == canvas_px:
        return np.asarray(crack, np.uint8)
    mask = np.zeros(canvas_px[::-1], np.uint8)
    rows = slice(where.y_px, where.y_px + where.height_px)
    mask[rows, where.x_px : where.x_px + where.width_px] = crack
    return mask


def measure(
    mask: GrayImage, probability: GrayImage, where: Region, road: float | None = None
) -> CrackMeasure:
    """Say what a mask amounts to.

    Args:
        mask: 0 or 255, (H, W).
        probability: What it was made from, for its peak.
        where: Where on the mask the network looked; shares are of this area.
        road: Which share of it is road; None where the network does not say.
    """
    area = cv2.countNonZero(mask)
    pieces = cv2.connectedComponents(mask, connectivity=8)[0] - 1 if area else 0
    return CrackMeasure(
        area_px=area,
        area_share=area / (where.width_px * where.height_px),
        crack_count=pieces,
        peak_probability=float(probability.max()) / 255,
        road_share=road,
    )
