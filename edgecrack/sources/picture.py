"""One picture file as RGB pixels and a time, with bounds on the memory that takes."""

from __future__ import annotations

import errno
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from PIL import ExifTags, Image

from edgecrack.errors import InputError
from edgecrack.exif_time import exif_time_ns, read_exif
from edgecrack.image_files import BROKEN_IMAGE, open_image

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.records import RgbImage

MOST_PIXELS = 64_000_000
"""No picture is decoded to more than this: some 450 MB while it is being turned into RGB."""

KEPT_PIXELS = 25_000_000
"""What is larger is scaled down by a whole number, JPEG already while it is decoded."""

# What the system says when the file or its disk is not there any more; the rest is the picture's.
_GONE = {errno.ENOENT, errno.ENOTDIR, errno.EIO, errno.ENODEV, errno.ENXIO, errno.ESTALE}
_TURN = Image.Transpose
_UPRIGHT = {
    2: _TURN.FLIP_LEFT_RIGHT,
    3: _TURN.ROTATE_180,
    4: _TURN.FLIP_TOP_BOTTOM,
    5: _TURN.TRANSPOSE,
    6: _TURN.ROTATE_270,
    7: _TURN.TRANSVERSE,
    8: _TURN.ROTATE_90,
}  # EXIF orientation -> what brings the picture upright


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture, upright.

    Attributes:
        pixels: RGB.
        taken_ns: UTC of capture, or None where its EXIF data does not say.
    """

    pixels: RgbImage
    taken_ns: int | None


def load_picture(path: Path, *, keep_size: bool = False) -> Picture | None:
    """Return a picture; None when it is not sound, or may not be read.

    Args:
        path: The file.
        keep_size: Never scale down, because somebody counts in the picture's own pixels.

    Raises:
        InputError: The file or its disk is gone, or the picture has more than ``MOST_PIXELS``.
    """
    try:
        with open_image(path) as picture:
            return _decode(picture, path, keep_size=keep_size)
    except Image.DecompressionBombError as error:
        raise _too_large(path, "too many") from error
    except BROKEN_IMAGE as error:
        if isinstance(error, OSError) and error.errno in _GONE:
            raise InputError(f"the picture {path} cannot be read any more: {error}") from error
        return None


def _decode(picture: Image.Image, path: Path, *, keep_size: bool) -> Picture:
    exif = read_exif(picture)
    if not keep_size:
        parts = _parts(picture)
        # JPEG is decoded at a half, a quarter or an eighth; other formats take no notice.
        picture.draft(None, (picture.width // parts, picture.height // parts))
    if picture.width * picture.height > MOST_PIXELS:
        raise _too_large(path, f"{picture.width}x{picture.height}")
    pixels = _to_rgb(picture)
    turn = None if exif is None else _UPRIGHT.get(exif.get(ExifTags.Base.Orientation, 1))
    parts = 1 if keep_size else _parts(picture)
    if turn is not None or parts > 1:
        reduced = Image.fromarray(pixels).reduce(parts)
        pixels = np.asarray(reduced if turn is None else reduced.transpose(turn))
    return Picture(pixels, None if exif is None else exif_time_ns(exif))


def _parts(picture: Image.Image) -> int:
    """Return by how much both sides are to be divided."""
    parts = 1
    while (picture.width // parts) * (picture.height // parts) > KEPT_PIXELS:
        parts *= 2
    return parts


def _too_large(path: Path, size: str) -> InputError:
    return InputError(
        f"a picture may be decoded to {MOST_PIXELS // 10**6} million pixels, but {path} has "
        f"{size}: scale it down, or take JPEG without a region"
    )


def _to_rgb(picture: Image.Image) -> RgbImage:
    """Convert to RGB; 16-bit grey is brought to 8 bits, where Pillow alone would clip it."""
    if picture.mode.startswith("I"):
        grey = (np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8)
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    return np.asarray(picture.convert("RGB"))
