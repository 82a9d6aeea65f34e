"""Where a picture goes: its region to the network, all of it to the evidence; pure arithmetic."""

from __future__ import annotations

from edgecrack.errors import RegionError
from edgecrack.letterbox import letterbox
from edgecrack.records import FrameGeometry, Region

EVIDENCE_WIDTH_PX = 1280
"""Evidence is never wider than this, and never wider than its source."""


def frame_geometry(width_px: int, height_px: int, region: Region | None) -> FrameGeometry:
    """Return the geometry of a source picture; no region means all of it.

    Raises:
        RegionError: The region reaches outside the picture.
    """
    region = region or Region(0, 0, width_px, height_px)
    try:
        return FrameGeometry(width_px, height_px, region)
    except ValueError as error:
        asked = f"{region.width_px}x{region.height_px} at {region.x_px},{region.y_px}"
        raise RegionError(
            f"the region must lie inside the picture, which is {width_px}x{height_px}; "
            f"{asked} does not: make it smaller or move it"
        ) from error


def evidence_size_px(width_px: int, height_px: int) -> tuple[int, int]:
    """Return width and height of the evidence of a source picture; the aspect is the source's.

    Example:
        >>> evidence_size_px(1920, 1080)
        (1280, 720)
    """
    evidence_width_px = min(width_px, EVIDENCE_WIDTH_PX)
    return evidence_width_px, max(1, round(height_px * evidence_width_px / width_px))


def image_is_evidence(geometry: FrameGeometry, input_px: tuple[int, int]) -> bool:
    """Tell whether the network's picture is the evidence, pixel for pixel.

    Args:
        geometry: Size of the source picture, and the region that the network sees.
        input_px: Width and height of the network's input.

    Example:
        >>> whole = FrameGeometry(960, 540, Region(0, 0, 960, 540))
        >>> image_is_evidence(whole, (960, 540)), image_is_evidence(whole, (480, 270))
        (True, False)
    """
    picture_px = (geometry.width_px, geometry.height_px)
    image_px = letterbox(picture_px, input_px).picture_px
    return geometry.is_whole and image_px == evidence_size_px(*picture_px)


def scaling_method(width_px: int, height_px: int, to_width_px: int, to_height_px: int) -> str:
    """Return the videoscale method that averages areas best, as OpenCV's INTER_AREA does.

    Two taps see every pixel up to a factor of two and cost a third; beyond it they skip pixels,
    and thin cracks with them. Mean absolute difference to INTER_AREA over 1920x1080 road
    pictures: at a factor of 2, bilinear 0.5 and hermite 1.1; at 4, bilinear 3.6 and hermite 1.1.
    """
    within_two = width_px <= 2 * to_width_px and height_px <= 2 * to_height_px
    return "bilinear" if within_two else "hermite"
