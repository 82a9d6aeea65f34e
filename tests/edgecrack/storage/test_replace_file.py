"""A file that is at every moment whole."""

from pathlib import Path
from random import Random

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from edgecrack.storage.replace_file import replace_file

PATH = Path("/folder/a.json")
OLD, NEW = b"the old version", b"the new version, which is longer"


def begun(**options: int) -> MemoryDisk:
    """Return a disk with the old version on it."""
    disk = MemoryDisk(**options)
    disk.make_folder(PATH.parent)
    disk.write(PATH, OLD)
    disk.sync_all(PATH.parent)
    return disk


def test_the_new_version_takes_the_place_of_the_old():
    """The file holds the new data, and nothing lies beside it."""
    disk = begun()
    replace_file(disk, PATH, NEW)

    assert disk.files() == {PATH: NEW}


@pytest.mark.parametrize("unsynced", Unsynced)
def test_whenever_the_power_goes_one_version_is_whole(unsynced):
    """After any operation the file is all old or all new, whatever became of unsynced data."""
    operations_left, has_returned = begun().operations, False
    while not has_returned:
        disk = begun(operations_left=operations_left)
        try:
            replace_file(disk, PATH, NEW)
            has_returned = True
        except SinkError:
            operations_left += 1
        for seed in range(50 if unsynced is Unsynced.BY_CHANCE else 1):
            content = disk.after_power_cut(Random(seed), unsynced).files()[PATH]
            assert content in ((NEW,) if has_returned else (OLD, NEW))


def test_a_first_version_is_durable_too():
    """A file that was not there before is there, whole, once the call has returned."""
    disk = MemoryDisk()
    replace_file(disk, Path("/a"), NEW)

    assert disk.after_power_cut(Random(0), Unsynced.LOST).files() == {Path("/a"): NEW}


def test_a_full_disk_leaves_the_old_version_and_nothing_beside_it():
    """What does not fit is removed again, and the failure is that of the file that was wanted."""
    disk = begun()
    disk.room_bytes = len(OLD) + len(NEW) - 1
    with pytest.raises(SinkError, match=f"^{PATH} "):
        replace_file(disk, PATH, NEW)

    assert disk.files() == {PATH: OLD}


def test_a_file_that_cannot_be_put_in_place_leaves_nothing_beside_it():
    """Where a folder stands in the way, the folder and nothing else is there afterwards."""
    disk = MemoryDisk()
    disk.make_folder(Path("/a"))
    with pytest.raises(SinkError, match="/a "):
        replace_file(disk, Path("/a"), NEW)

    assert (disk.names(Path("/")), disk.is_folder(Path("/a"))) == (["a"], True)
