"""What it takes for bytes to survive a power cut, and how a failure to write is told.

One ``syncfs`` per interval stands for an ``fsync`` per file: the cost of a sync then depends on
the bytes waiting and not on the number of files, which on a memory card is the difference between
one flush and hundreds. Since Linux 5.8 it also reports what failed in the background.
"""

from __future__ import annotations

import ctypes
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LIBC = ctypes.CDLL(None, use_errno=True)


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Tell any failure of the operating system as a `SinkError` about ``path``."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise SinkError(
            f"{path} could not be written ({reason}); make room or choose another --out, "
            "what was acknowledged before is whole"
        ) from error


def sync_filesystem(descriptor: int) -> None:
    """Make everything written to the file system of an open file or folder durable.

    Raises:
        OSError: Some of it could not be written, now or since ``descriptor`` was opened.
    """
    if _LIBC.syncfs(descriptor) != 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable: the files created in it and renamed into it.

    Raises:
        OSError: They could not be written.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
