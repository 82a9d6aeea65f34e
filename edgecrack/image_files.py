"""The picture files of a directory, sorted by the numbers in their names."""

from __future__ import annotations

import re
import struct
import warnings
from contextlib import contextmanager
from typing import TYPE_CHECKING

from PIL import Image

from edgecrack.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_ENDINGS = {".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"}

BROKEN_IMAGE = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    TypeError,
    ArithmeticError,
    LookupError,
    AttributeError,
    struct.error,
    Image.DecompressionBombError,
)
"""Everything that Pillow may raise on a file that is not a valid picture."""


def list_images(folder: Path) -> list[Path]:
    """Return the picture files of a directory; ``2.jpg`` comes before ``10.jpg``.

    Hidden files are left out, such as the ``._*.jpg`` that macOS writes to memory cards.

    Raises:
        InputError: The directory cannot be read or holds no pictures.
    """
    try:
        entries = [entry for entry in folder.iterdir() if not entry.name.startswith(".")]
        pictures = [path for path in entries if path.suffix.lower() in _ENDINGS and path.is_file()]
    except OSError as error:
        reason = error.strerror or error
        raise InputError(f"the pictures of {folder} cannot be listed: {reason}") from error
    if not pictures:
        kinds = ", ".join(sorted(ending[1:] for ending in _ENDINGS))
        raise InputError(f"{folder} holds no pictures ({kinds})")
    return sorted(pictures, key=lambda path: (_natural(path.name), path.name))


@contextmanager
def open_image(path: Path) -> Iterator[Image.Image]:
    """Open a picture without decoding it; what Pillow warns of is not shown while it is open.

    It warns of large pictures and of EXIF data that it cannot take apart: both are dealt with.

    Raises:
        BROKEN_IMAGE: It is none, or has more pixels than Pillow takes (some 179 million).
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        with Image.open(path) as picture:
            yield picture


def _natural(name: str) -> list[tuple[int, str]]:
    """Return a sort key in which runs of digits compare as numbers."""
    parts = re.split(r"([0-9]+)", name.lower())
    return [(int(part), "") if index % 2 else (0, part) for index, part in enumerate(parts)]
