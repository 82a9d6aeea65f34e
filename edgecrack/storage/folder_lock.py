"""A folder that one process at a time may use."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError

if TYPE_CHECKING:
    from pathlib import Path


class FolderLock:
    """Holds a folder for this process until it is closed, or the process ends however it ends.

    Args:
        folder: Which one; it must exist.

    Raises:
        SinkError: Another process holds it, or it is not there.
    """

    def __init__(self, folder: Path) -> None:
        try:
            # The folder itself, so that a read-only disk can be locked, too.
            flags = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
            self._descriptor: int | None = os.open(folder, flags)
        except OSError as error:
            raise SinkError(f"{folder} cannot be locked ({error.strerror}); check it") from error
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            self.close()
            raise SinkError(
                f"{folder} belongs to one unit alone, and another process writes its segments "
                "there; end that one or choose another --runs-folder"
            ) from error

    def close(self) -> None:
        """Let others have it; safe to call twice."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
