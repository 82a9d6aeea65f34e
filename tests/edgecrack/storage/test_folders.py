"""A folder with all its parents."""

from pathlib import Path
from random import Random

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage.folders import make_folders
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced

DEEP = Path("/a/b/c")


def left(disk: MemoryDisk) -> MemoryDisk:
    """Return what is surely there after a power cut."""
    return disk.after_power_cut(Random(0), Unsynced.LOST)


@pytest.mark.parametrize("there", [None, Path("/a"), Path("/a/b"), Path("/a/b/c")])
def test_the_whole_way_is_made_and_durable(there):
    """Whatever part of the way is there, all of it is afterwards, also after a power cut."""
    disk = MemoryDisk()
    if there is not None:
        make_folders(disk, there)
    make_folders(disk, DEEP)

    assert left(disk).is_folder(DEEP)


def test_a_folder_that_another_made_is_made_durable():
    """An existing folder need not have been synced by whoever made it."""
    disk = MemoryDisk()
    disk.make_folder(Path("/a"))
    make_folders(disk, Path("/a"))

    assert left(disk).is_folder(Path("/a"))


@pytest.mark.parametrize("path", [Path("/file"), Path("/file/a"), Path("/file/a/b")])
def test_a_file_in_the_way_is_refused(path):
    """A file is neither replaced nor taken for a folder."""
    disk = MemoryDisk()
    disk.write(Path("/file"), b"x")
    with pytest.raises(SinkError, match="/file"):
        make_folders(disk, path)

    assert disk.files() == {Path("/file"): b"x"}


def test_another_process_may_be_faster():
    """When a folder appears between looking and making it, it is taken."""

    class Raced(MemoryDisk):
        def make_folder(self, path: Path) -> None:
            super().make_folder(path)
            super().make_folder(path)

    disk = Raced()
    make_folders(disk, DEEP)

    assert left(disk).is_folder(DEEP)
