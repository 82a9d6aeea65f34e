"""What a power cut leaves on the disk in memory."""

from pathlib import Path
from random import Random

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced

A, B, FOLDER = Path("/a"), Path("/b"), Path("/folder")
SEEDS = 300


@pytest.fixture
def disk():
    """An empty disk."""
    return MemoryDisk()


def left(disk: MemoryDisk, unsynced: Unsynced) -> dict[Path, bytes]:
    """Return the files after a power cut that leaves nothing to chance."""
    return disk.after_power_cut(Random(0), unsynced).files()


def left_by_chance(disk: MemoryDisk) -> list[dict[Path, bytes]]:
    """Return the files after many power cuts."""
    return [disk.after_power_cut(Random(seed)).files() for seed in range(SEEDS)]


def test_what_is_synced_is_always_left(disk):
    """Bytes and name, each synced by itself, are there whatever chance decides."""
    disk.write(A, b"synced")
    disk.sync(A)
    disk.sync(Path("/"))

    for unsynced in Unsynced:
        assert left(disk, unsynced) == {A: b"synced"}
    assert left_by_chance(disk) == [{A: b"synced"}] * SEEDS


def test_a_file_needs_its_name_and_its_bytes(disk):
    """With one of the two synced, a power cut can leave no file, or one without its bytes."""
    disk.write(A, b"bytes")
    disk.sync(A)
    disk.write(B, b"name")

    assert left(disk, Unsynced.LOST) == {}
    assert left(disk, Unsynced.NAMES_LEFT) == {A: b"bytes", B: b""}
    assert left(disk, Unsynced.LEFT) == {A: b"bytes", B: b"name"}
    disk.sync(Path("/"))
    assert left(disk, Unsynced.LOST) == {A: b"bytes", B: b""}


def test_of_appended_bytes_any_first_part_is_left(disk):
    """What was synced is always there; of the rest nothing, all, or anything between."""
    disk.append(A, b"synced")
    disk.sync_all(Path("/"))
    disk.append(A, b" and more")
    lengths = {len(files[A]) for files in left_by_chance(disk)}

    assert all(b"synced and more".startswith(files[A]) for files in left_by_chance(disk))
    assert lengths == set(range(len(b"synced"), len(b"synced and more") + 1))


def test_a_file_written_anew_may_be_the_old_one_or_half_the_new_one(disk):
    """Overwriting in place risks both versions: this is why files are replaced by a rename."""
    disk.write(A, b"old version")
    disk.sync_all(Path("/"))
    disk.write(A, b"new")

    assert {files[A] for files in left_by_chance(disk)} == {
        b"old version",
        b"",
        b"n",
        b"ne",
        b"new",
    }
    assert left(disk, Unsynced.LOST) == {A: b"old version"}


def test_a_rename_has_happened_or_not(disk):
    """The file is found under exactly one of the two names, in another folder too."""
    disk.make_folder(FOLDER)
    disk.write(A, b"new")
    disk.write(FOLDER / "b", b"old")
    disk.sync_all(Path("/"))
    disk.rename(A, FOLDER / "b")
    found = left_by_chance(disk)

    before, after = {A: b"new", FOLDER / "b": b"old"}, {FOLDER / "b": b"new"}
    assert all(files in (before, after) for files in found)
    assert before in found
    assert after in found


@pytest.mark.parametrize("synced", [Path("/"), FOLDER])
def test_syncing_either_folder_of_a_rename_settles_it(disk, synced):
    """The file is durable under its new name, and only there."""
    disk.make_folder(FOLDER)
    disk.sync(Path("/"))
    disk.write(A, b"x")
    disk.sync(A)
    disk.rename(A, FOLDER / "b")
    disk.sync(synced)

    for unsynced in Unsynced:
        assert left(disk, unsynced) == {FOLDER / "b": b"x"}


def test_changes_of_names_reach_the_medium_in_any_order(disk):
    """Of two files made one after the other, the second alone can be left."""
    disk.append(A, b"")
    disk.append(B, b"")

    assert {tuple(files) for files in left_by_chance(disk)} == {(), (A,), (B,), (A, B)}


def test_what_is_synced_in_a_lost_folder_is_lost(disk):
    """Bytes and names within a folder do not help when the folder itself has no durable name."""
    disk.make_folder(FOLDER)
    disk.write(FOLDER / "a", b"x")
    disk.sync(FOLDER / "a")
    disk.sync(FOLDER)
    assert left(disk, Unsynced.LOST) == {}

    disk.sync(Path("/"))
    assert left(disk, Unsynced.LOST) == {FOLDER / "a": b"x"}


def test_a_removed_file_may_be_back(disk):
    """Until the folder is synced a removal may not have happened."""
    disk.write(A, b"x")
    disk.sync_all(Path("/"))
    disk.remove(A)
    assert left(disk, Unsynced.LOST) == {A: b"x"}

    disk.sync(Path("/"))
    assert left(disk, Unsynced.LOST) == {}


def test_syncing_everything_leaves_nothing_to_chance(disk):
    """Every file, name and removal is durable afterwards."""
    disk.make_folder(FOLDER)
    disk.write(A, b"a")
    disk.append(FOLDER / "b", b"b")
    disk.write(B, b"")
    disk.remove(B)
    disk.sync_all(FOLDER)

    assert left_by_chance(disk) == [disk.files()] * SEEDS
    assert disk.files() == {A: b"a", FOLDER / "b": b"b"}


def test_without_power_nothing_changes(disk):
    """After its last operation a disk refuses each further one and stays as it is."""
    disk = MemoryDisk(operations_left=2)
    disk.write(A, b"a")
    disk.sync(A)
    for refused in (
        lambda: disk.sync(Path("/")),
        lambda: disk.sync_all(Path("/")),
        lambda: disk.write(A, b""),
        lambda: disk.append(A, b"b"),
        lambda: disk.rename(A, B),
        lambda: disk.remove(A),
        lambda: disk.make_folder(FOLDER),
    ):
        with pytest.raises(SinkError):
            refused()

    assert (disk.files(), disk.operations, left(disk, Unsynced.LOST)) == ({A: b"a"}, 2, {})


def test_a_power_cut_leaves_the_disk_it_was_taken_of(disk):
    """Going on after looking changes neither the answer nor the disk."""
    disk.write(A, b"a")
    disk.sync_all(Path("/"))
    found = disk.after_power_cut(Random(0))
    disk.append(A, b"b")
    found.append(A, b"c")

    assert (disk.files()[A], found.files()[A]) == (b"ab", b"ac")
