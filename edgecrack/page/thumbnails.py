"""Small pictures of crack frames with the cracks marked, as data URIs."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.run_reader import CrackFrame

MARK_BGR = (40, 60, 255)
_QUALITY = 72


def data_uri(kind: str, content: bytes) -> str:
    """Return bytes as a data URI.

    >>> data_uri("text/plain", b"hi")
    'data:text/plain;base64,aGk='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def marked(frame: CrackFrame, width_px: int) -> str:
    """Return the frame's picture with its mask marked, as a JPEG data URI.

    Args:
        frame: The frame; without a readable picture the answer is ``""``.
        width_px: Width wanted.
    """
    picture = _read(frame.picture, cv2.IMREAD_COLOR)
    if picture is None:
        return ""
    height_px = max(1, round(picture.shape[0] * width_px / picture.shape[1]))
    small = cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)
    mask = _read(frame.mask, cv2.IMREAD_GRAYSCALE)
    if mask is not None:
        cover = cv2.resize(mask, (width_px, height_px), interpolation=cv2.INTER_AREA)
        # Dividing by less than 255 keeps thin cracks visible.
        alpha = np.clip(cover.astype(np.float32) / 110, 0, 0.85)[..., None]
        small = np.asarray(small * (1 - alpha) + np.array(MARK_BGR) * alpha, np.uint8)
    is_coded, coded = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return data_uri("image/jpeg", coded.tobytes()) if is_coded else ""


def _read(path: Path | None, flags: int) -> np.ndarray | None:
    if path is None:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), flags)
    except (OSError, cv2.error):  # gone meanwhile, empty, or larger than OpenCV would read
        return None
    return None if image is None else np.asarray(image)
