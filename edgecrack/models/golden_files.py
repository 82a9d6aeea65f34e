"""Golden frames and the answers expected of them, from the bytes of their files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.errors import BundleError

if TYPE_CHECKING:
    from edgecrack.records import GrayImage, RgbImage


def decode_picture(data: bytes, name: str) -> RgbImage:
    """Return the RGB picture, uint8 (H, W, 3), in the bytes of a picture file.

    Args:
        data: WebP or PNG.
        name: The file, for the error.

    Raises:
        BundleError: They hold none.
    """
    bgr = _decode(data, name, cv2.IMREAD_COLOR)
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def decode_plane(data: bytes, name: str) -> GrayImage:
    """Return the grey plane, uint8 (H, W), in the bytes of a picture file.

    Args:
        data: PNG.
        name: The file, for the error.

    Raises:
        BundleError: They hold none.
    """
    return _decode(data, name, cv2.IMREAD_GRAYSCALE)


def _decode(data: bytes, name: str, flags: int) -> GrayImage:
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), flags) if data else None
    except cv2.error:  # of a picture that claims to be immense
        image = None
    if image is None:
        raise BundleError(f"{name} must be a picture and is none; export the bundle again.")
    return np.asarray(image, np.uint8)
