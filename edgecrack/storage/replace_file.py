"""A file that is at every moment whole: the earlier version or the new one."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.storage.disk import Disk


def replace_file(disk: Disk, path: Path, data: bytes) -> None:
    """Write or replace a file; whole for every reader and after a power cut, durable on return.

    The bytes are durable before the file has its name: a name that outlives its bytes is the
    empty file that is found after a power cut.

    Raises:
        SinkError: The disk is full or broken; an earlier version of the file is untouched.
    """
    unfinished = path.with_name(f".{path.name}.part")
    try:
        disk.write(unfinished, data)
        disk.sync(unfinished)
        disk.rename(unfinished, path)
    except BaseException as error:  # also Ctrl-C
        with suppress(SinkError):
            disk.remove(unfinished)
        if isinstance(error, SinkError):  # about the file that was wanted
            raise SinkError(str(error).replace(str(unfinished), str(path))) from error
        raise
    disk.sync(path.parent)
