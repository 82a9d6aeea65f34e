"""Small pictures of what was found, as data URIs: the frame with its cracks marked."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.page.run_reader import CrackFrame

MARK_BGR = (40, 60, 255)
_QUALITY = 72


def data_uri(kind: str, content: bytes) -> str:
    """Return bytes as a data URI.

    >>> data_uri("text/plain", b"hi")
    'data:text/plain;base64,aGk='
    """
    return f"data:{kind};base64,{base64.b64encode(content).decode('ascii')}"


def marked(finding: CrackFrame, width_px: int) -> str:
    """Return the finding's frame with its mask laid over it as a JPEG data URI, or ``""``.

    Args:
        finding: What to show; without a readable picture there is nothing to show.
        width_px: Width wanted.
    """
    picture = _read(finding.picture, cv2.IMREAD_COLOR)
    if picture is None:
        return ""
    height_px = max(1, round(picture.shape[0] * width_px / picture.shape[1]))
    small = cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA)
    mask = _read(finding.mask, cv2.IMREAD_GRAYSCALE)
    if mask is not None:
        cover = cv2.resize(mask, (width_px, height_px), interpolation=cv2.INTER_AREA)
        alpha = np.clip(cover.astype(np.float32) / 110, 0, 0.85)[..., None]  # keep thin lines seen
        small = np.asarray(small * (1 - alpha) + np.array(MARK_BGR) * alpha, np.uint8)
    done, coded = cv2.imencode(".jpg", small, (cv2.IMWRITE_JPEG_QUALITY, _QUALITY))
    return data_uri("image/jpeg", coded.tobytes()) if done else ""


def _read(path: Path | None, flags: int) -> np.ndarray | None:
    if path is None:
        return None
    image = cv2.imdecode(np.frombuffer(path.read_bytes(), np.uint8), flags)
    return None if image is None else np.asarray(image)
