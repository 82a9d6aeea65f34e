"""One build at a time: two would spoil each other's timings, and write the same files."""

from __future__ import annotations

import fcntl
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@contextmanager
def build_lock(folder: Path, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold the lock of a folder; the system lets go of it when the process ends, however it does.

    Args:
        folder: Where engines are kept; it is there.
        on_wait: Told when another build holds it, before this one waits for its end.

    Raises:
        SinkError: The folder takes no file.
    """
    path = folder / "build.lock"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError as error:
        raise SinkError(
            f"{path} must be a file to write to, but: {error.strerror}; free the folder."
        ) from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            on_wait()
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
