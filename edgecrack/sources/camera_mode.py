"""What a camera is asked for: the part of its address behind the question mark."""

from __future__ import annotations

from dataclasses import dataclass

from edgecrack.errors import UsageError
from edgecrack.sources.address import parse_query, whole_number

FORMATS = {"raw": "video/x-raw", "mjpeg": "image/jpeg", "h264": "video/x-h264"}
"""What a V4L2 camera may send, as people call it -> as GStreamer does."""

_LIMITS = {"width": 8192, "height": 8192, "fps": 240}


@dataclass(frozen=True, slots=True)
class CameraMode:
    """What a camera is to send; None leaves it to the camera.

    Attributes:
        width_px: Width of its pictures.
        height_px: Their height.
        fps: Whole frames a second.
        format: One of ``FORMATS``.
    """

    width_px: int | None = None
    height_px: int | None = None
    fps: int | None = None
    format: str | None = None

    @property
    def caps(self) -> str:
        """What a V4L2 camera is held to, in GStreamer's words; empty where it is free."""
        if self == CameraMode():
            return ""
        media = [FORMATS[self.format]] if self.format else FORMATS.values()
        return ";".join(f"{name}{self.size_and_rate}" for name in media)

    @property
    def size_and_rate(self) -> str:
        """Size and rate as the end of GStreamer's words, each behind a comma."""
        rate = None if self.fps is None else f"{self.fps}/1"
        given = {"width": self.width_px, "height": self.height_px, "framerate": rate}
        return "".join(f",{name}={value}" for name, value in given.items() if value is not None)


def parse_camera_mode(query: str, scheme: str) -> CameraMode:
    """Understand the parameters of a camera.

    Args:
        query: Such as ``width=1920&height=1080&fps=30``.
        scheme: ``v4l2:`` or ``csi:``; a CSI camera sends raw pictures alone.

    Raises:
        UsageError: An unknown parameter, or a value out of range.

    Example:
        >>> parse_camera_mode("format=mjpeg&width=1280&height=720", "v4l2:").caps
        'image/jpeg,width=1280,height=720'
    """
    values = parse_query(query, (*_LIMITS, *(["format"] if scheme == "v4l2:" else [])), scheme)
    form = values.pop("format", None)
    if form is not None and form not in FORMATS:
        raise UsageError(f"{scheme} knows the formats {', '.join(FORMATS)} and not {form!r}")
    numbers = {
        name: whole_number(name, value, _LIMITS[name], scheme) for name, value in values.items()
    }
    return CameraMode(numbers.get("width"), numbers.get("height"), numbers.get("fps"), form)
