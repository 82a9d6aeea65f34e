"""What is known about each pixel of a picture: crack or not, road or not, or neither.

The truth of a picture is one uint8 array, (H, W), so that a warp or a crop keeps what is known next
to what is true:

====== ============================================================ =========== ===========
code   pixel                                                        as to crack as to road
====== ============================================================ =========== ===========
0      no crack                                                     known: none unknown
1      not road: sky, verge, building                               known: none known: none
2      paint on the road                                            known: none road
3      road whose cracks were not labelled                          unknown     road
4      nothing is known                                             unknown     unknown
5      labelled crack, but not road or paint: the labels disagree   unknown     unknown
6      road without a crack                                         known: none road
255    crack                                                        crack       road
====== ============================================================ =========== ===========

A mask of cracks alone, 0 and 255, is a truth in which everything is known as to crack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import cv2
import numpy as np

from edgecrack.errors import InputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from edgecrack.records import GrayImage

NO_CRACK, NOT_ROAD, PAINT, ROAD, UNKNOWN, DISPUTED, SOUND_ROAD, CRACK = 0, 1, 2, 3, 4, 5, 6, 255

KNOWN = (NO_CRACK, NOT_ROAD, PAINT, SOUND_ROAD, CRACK)
"""The codes of pixels of which it is known whether they are crack."""

IS_ROAD = (PAINT, ROAD, SOUND_ROAD, CRACK)
"""The codes of pixels that are known to be road."""

AREAS = {0: NOT_ROAD, 1: ROAD, 2: PAINT, 255: UNKNOWN}
"""Value of an area mask -> code of a pixel without a crack label."""

Labelled = Literal["everywhere", "road"]
"""Where every crack of a picture was labelled."""


def join(crack: GrayImage | None, area: GrayImage | None, labelled: Labelled) -> GrayImage:
    """Return the truth from a crack mask (0 or 255) and an area mask (a key of ``AREAS``), (H, W).

    Args:
        crack: None where cracks were not labelled: it is not known where there are none.
        area: None where nothing is known of the road.
        labelled: Where ``crack`` can be believed: ``everywhere``, or on ``road``, where the area is
            1. Without ``area`` it is believed everywhere.

    Raises:
        ValueError: If both are None, or ``area`` has another value.

    Example:
        >>> crack = np.array([[0, 255, 0, 255, 255]], np.uint8)
        >>> area = np.array([[1, 1, 0, 0, 255]], np.uint8)
        >>> join(crack, area, "road").tolist(), join(None, area, "road").tolist()
        ([[6, 255, 1, 5, 4]], [[3, 3, 1, 1, 4]])
    """
    if area is None:
        if crack is None:
            raise ValueError("a truth needs a crack mask or an area mask")
        return crack
    truth = np.full(area.shape, NO_CRACK, np.uint8)
    for value, code in AREAS.items():
        truth[area == value] = code
    if not np.isin(area, list(AREAS)).all():
        raise ValueError(f"an area must be one of {list(AREAS)}")
    if crack is None:
        return truth
    is_crack = crack > 0
    truth[is_crack & ((truth == NOT_ROAD) | (truth == PAINT))] = DISPUTED
    truth[is_crack & (truth == ROAD)] = CRACK
    truth[truth == ROAD] = SOUND_ROAD
    if labelled == "everywhere":
        truth[truth == UNKNOWN] = crack[truth == UNKNOWN]
    return truth


def is_known(truth: GrayImage) -> NDArray[np.bool_]:
    """Return where it is known whether there is a crack, same shape."""
    return np.isin(truth, KNOWN)


def check_known(counts: NDArray[np.int64], pictures: str) -> None:
    """Check that a pixel is known; ``counts`` are those of each code, ``pictures`` for the message.

    Raises:
        InputError: If none is.
    """
    if not counts[list(KNOWN)].any():
        raise InputError(
            f"{pictures} must have a pixel of which it is known whether it is crack, but has none; "
            "add crack masks, or area masks with 0 (not road) or 2 (paint)."
        )


def shrink_truth(truth: GrayImage, size_px: tuple[int, int]) -> GrayImage:
    """Return the truth shrunk to ``size_px`` (width, height).

    A pixel is crack when at least a third of those it covers are, which keeps thin cracks; else it
    is what the pixel in its middle is.
    """
    crack = truth == CRACK
    covered = cv2.resize(crack * np.uint8(255), size_px, interpolation=cv2.INTER_AREA)
    without_crack = np.where(crack, np.uint8(NO_CRACK), truth)
    small = cv2.resize(without_crack, size_px, interpolation=cv2.INTER_NEAREST)
    small[covered >= 85] = CRACK
    return np.asarray(small, np.uint8)


def crack_target(truth: GrayImage) -> NDArray[np.float32]:
    """Return what the loss learns, same shape: 1 crack, 0 no crack, -1 unknown.

    Example:
        >>> crack_target(np.array([0, 1, 2, 3, 4, 5, 6, 255], np.uint8)).tolist()
        [0.0, 0.0, 0.0, -1.0, -1.0, -1.0, 0.0, 1.0]
    """
    target = np.where(is_known(truth), truth == CRACK, np.float32(-1))
    return np.asarray(target, np.float32)


def road_target(truth: GrayImage) -> NDArray[np.float32]:
    """Return what the loss learns of the road, same shape: 1 road, 0 not road, -1 unknown.

    Example:
        >>> road_target(np.array([0, 1, 2, 3, 4, 5, 6, 255], np.uint8)).tolist()
        [-1.0, 0.0, 1.0, 1.0, -1.0, -1.0, 1.0, 1.0]
    """
    is_road = np.isin(truth, IS_ROAD)
    target = np.where(is_road | (truth == NOT_ROAD), is_road, np.float32(-1))
    return np.asarray(target, np.float32)
