"""Making a folder with all its parents, and removing one with all that is in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import SinkError

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.storage.disk import Disk


def make_folders(disk: Disk, path: Path) -> None:
    """Make a folder and the parents it lacks, or take the one that is there; durable on return.

    The name of each folder is synced in its parent: else a power cut could take away the folder
    with everything that was synced in it.

    Raises:
        SinkError: There is a file of that name, or the disk is full or broken.
    """
    if not disk.is_folder(path.parent):
        make_folders(disk, path.parent)
    if not disk.is_folder(path):
        try:
            disk.make_folder(path)
        except SinkError:
            if not disk.is_folder(path):  # else another process was faster
                raise
    disk.sync(path.parent)


def remove_folder(disk: Disk, folder: Path) -> None:
    """Remove a folder and everything in it; durable on return. It may be half gone on failure.

    Raises:
        SinkError: The disk is broken.
    """
    for name in disk.names(folder):
        path = folder / name
        if disk.is_folder(path):
            remove_folder(disk, path)
        else:
            disk.remove(path)
    disk.remove(folder)
    disk.sync(folder.parent)
