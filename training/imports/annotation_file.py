"""A file of annotations: its bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

LIMIT_BYTES = 512 << 20
"""The largest file that is read."""


def read_annotations(path: Path) -> bytes:
    """Return the bytes of a file.

    Raises:
        InputError: If it is no file, has more than 512 MiB, or cannot be read.
    """
    try:
        size_bytes = path.stat().st_size
        if not path.is_file():  # a device may never end, a pipe never begin
            raise InputError(f"{path} must be a file, but is none; name another.")
        if size_bytes > LIMIT_BYTES:
            raise InputError(
                f"{path} must have at most {LIMIT_BYTES >> 20} MiB, but has {size_bytes >> 20}; "
                "export fewer pictures at once."
            )
        return path.read_bytes()
    except OSError as error:
        raise InputError(f"{path} must be readable, but: {error}.") from error
