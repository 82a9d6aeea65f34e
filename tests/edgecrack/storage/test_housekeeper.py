"""What is done beside a run: sealing, and making room."""

import json
from pathlib import Path
from random import Random

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage.disk import Digest, LocalDisk
from edgecrack.storage.housekeeper import Housekeeper, Housekeeping
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.quota import Quota
from edgecrack.storage.segment import read_seal

RUNS = Path("/runs")
NAMES = ("20260501T120000Z", "20260501T121000Z", "20260501T122000Z")


def segment(disk, name, exit_reason="rolled", size_bytes=1000):
    """Make a closed segment."""
    disk.make_folder(RUNS / name)
    record = {"segment": 1, "exit_reason": exit_reason}
    disk.write(RUNS / name / "run.json", json.dumps(record).encode())
    disk.write(RUNS / name / "picture", bytes(size_bytes))


@pytest.fixture
def disk():
    """A disk with three closed segments, a run of one folder, and somebody's file."""
    disk = MemoryDisk()
    disk.make_folder(RUNS)
    for name in NAMES:
        segment(disk, name)
    disk.make_folder(RUNS / "20260501T130000Z")
    disk.write(RUNS / "20260501T130000Z" / "run.json", b'{"exit_reason": "running"}')
    disk.write(RUNS / "notes.txt", b"mine")
    return disk


def test_what_is_closed_is_sealed_and_nothing_else_is_touched(disk):
    """Not the open one, not a run of one folder, which may be going on, and no other file."""
    told = []
    housekeeper = Housekeeper(
        disk, RUNS, Quota(), lambda: {RUNS / NAMES[2]}, lambda *said: told.append(said)
    )
    housekeeper.round()
    assert [read_seal(disk, RUNS / name) is not None for name in NAMES] == [True, True, False]
    assert disk.names(RUNS / "20260501T130000Z") == ["run.json"]
    assert housekeeper.done() == Housekeeping(sealed=2, repaired=0, deleted=0)
    assert told == [("enough", "")]


def test_the_oldest_that_was_uploaded_goes_first(disk):
    """Those that are nowhere else stay, and that there is no room is told with what to do."""
    told = []
    quota = Quota(keep_free_bytes=4_000)
    housekeeper = Housekeeper(disk, RUNS, quota, set, lambda *said: told.append(said))
    housekeeper.round()
    disk.write(RUNS / NAMES[1] / "uploaded.json", b"{}")
    disk.room_bytes = 6_500
    housekeeper.round()
    assert [name for name in NAMES if disk.is_folder(RUNS / name)] == [NAMES[0], NAMES[2]]
    assert told[-1][0] == "full"
    assert "let storage.overwrite delete" in told[-1][1]
    assert housekeeper.done().deleted == 1


def test_more_than_may_be_kept_is_told(disk):
    """Without uploads nothing goes, and the unit says so before the disk is full."""
    told = []
    quota = Quota(most_bytes=1_500)
    Housekeeper(disk, RUNS, quota, set, lambda *said: told.append(said)).round()
    assert told[-1][0] == "full"
    assert "at most 1.5e-06 wanted" in told[-1][1]


def test_with_overwriting_the_oldest_go(disk):
    """Until what is left fits."""
    quota = Quota(most_bytes=1_500, overwrite=True)
    Housekeeper(disk, RUNS, quota, set, lambda *_: None).round()
    assert [name for name in NAMES if disk.is_folder(RUNS / name)] == [NAMES[2]]
    assert disk.read(RUNS / "notes.txt") == b"mine"


def test_a_broken_disk_is_told_and_tried_again(disk):
    """No exception leaves the thread; the next round does what is left."""
    told = []
    disk.sync_all(RUNS)
    broken = disk.after_power_cut(Random(0), operations_left=0)
    housekeeper = Housekeeper(broken, RUNS, Quota(), set, lambda *said: told.append(said))
    housekeeper.round()
    housekeeper.round()
    assert [state for state, _ in told] == ["failing", "failing"]
    assert "No power" in told[0][1]


class OneBadFile(MemoryDisk):
    """A disk on which a file can no longer be read."""

    bad = RUNS / NAMES[0] / "picture"

    def digest(self, path):
        """Fail for that file."""
        if path == self.bad:
            raise SinkError(f"{path} could not be read back (Input/output error)")
        return super().digest(path)


def test_one_file_that_cannot_be_read_keeps_nothing_else_from_being_done():
    """The segments behind it are sealed, and room is made."""
    disk, told = OneBadFile(), []
    disk.make_folder(RUNS)
    for name in NAMES:
        segment(disk, name)
    quota = Quota(most_bytes=1_500, overwrite=True)
    housekeeper = Housekeeper(disk, RUNS, quota, set, lambda *said: told.append(said))
    housekeeper.round()
    assert [read_seal(disk, RUNS / name) is not None for name in NAMES[2:]] == [True]
    assert not disk.is_folder(RUNS / NAMES[1])
    assert told[-1][0] == "failing"
    assert "Input/output error" in told[-1][1]


def test_a_full_disk_is_made_room_on_before_anything_is_sealed(disk):
    """A seal needs room itself: without any, what may go goes first."""
    quota = Quota(keep_free_bytes=1_000, overwrite=True)
    housekeeper = Housekeeper(disk, RUNS, quota, lambda: {RUNS / NAMES[2]}, lambda *_: None)
    housekeeper.round()
    disk.room_bytes = sum(map(len, disk.files().values()))
    Housekeeper(disk, RUNS, quota, set, lambda *_: None).round()
    assert not disk.is_folder(RUNS / NAMES[0])
    assert read_seal(disk, RUNS / NAMES[2]) is not None


def test_a_segment_that_is_only_being_made_is_left_alone(disk):
    """It may come to be open after the others were listed."""
    asked = iter([set(), {RUNS / NAMES[0]}])
    opened = {RUNS / name for name in NAMES}
    housekeeper = Housekeeper(disk, RUNS, Quota(), lambda: next(asked, opened), lambda *_: None)
    housekeeper.round()
    assert read_seal(disk, RUNS / NAMES[0]) is None


def test_both_disks_read_back_what_they_wrote(tmp_path):
    """Content, digest and free room, the same of a disk in memory and a real one."""
    for disk, folder in ((LocalDisk(), tmp_path), (MemoryDisk(), Path("/"))):
        disk.write(folder / "a", b"content")
        assert disk.read(folder / "a") == b"content"
        assert disk.digest(folder / "a") == Digest.of(b"content")
        assert disk.free_bytes(folder) > 1 << 20
        assert disk.written_bytes == 7
        with pytest.raises(SinkError, match="could not be read back"):
            disk.read(folder / "b")
