"""The folder of one run."""

import json
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import pytest

from edgecrack.errors import SinkError
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from edgecrack.storage.run_folder import RunFolder


def test_a_new_folder_is_made_with_its_parents(tmp_path):
    """A run may be sent to a folder whose parents do not exist yet."""
    directory = RunFolder.create(tmp_path / "a" / "b", LocalDisk())

    assert directory.masks.is_dir()
    assert not directory.frames.exists()


def test_an_empty_folder_is_taken(tmp_path):
    """A folder made beforehand serves as well as a new one."""
    assert RunFolder.create(tmp_path, LocalDisk()).path == tmp_path


@pytest.mark.parametrize("name", ["run.json", "cracks.geojsonl", "holiday.jpg"])
def test_a_folder_that_holds_anything_is_refused_and_left_alone(tmp_path, name):
    """Nothing is ever overwritten, and nothing is left in a folder that has other files."""
    (tmp_path / name).write_text("precious")

    with pytest.raises(SinkError, match="--out"):
        RunFolder.create(tmp_path, LocalDisk())

    assert [entry.name for entry in tmp_path.iterdir()] == [name]


def test_a_second_run_is_refused(tmp_path):
    """A folder belongs to the run that claimed it, even before that wrote anything."""
    RunFolder.create(tmp_path / "run", LocalDisk())

    with pytest.raises(SinkError, match=re.escape(str(tmp_path))):
        RunFolder.create(tmp_path / "run", LocalDisk())


def test_a_file_is_refused(tmp_path):
    """A path that is a file, or lies below one, is told in one sentence."""
    (tmp_path / "file").write_text("")

    for path in (tmp_path / "file", tmp_path / "file" / "run"):
        with pytest.raises(SinkError, match="--out"):
            RunFolder.create(path, LocalDisk())


def test_a_place_that_cannot_be_written_is_refused():
    """Where even root may not write, the error says what to do."""
    with pytest.raises(SinkError, match="--out"):
        RunFolder.create(Path("/sys/edgecrack-run"), LocalDisk())


def test_of_two_runs_that_race_one_wins(tmp_path):
    """However many start at once into one folder, exactly one gets it."""
    barrier = threading.Barrier(4)

    def start(round_: int, won: list[bool]) -> None:
        barrier.wait()
        try:
            RunFolder.create(tmp_path / str(round_), LocalDisk())
        except SinkError:
            return
        won.append(True)

    for round_ in range(25):
        won: list[bool] = []
        threads = [threading.Thread(target=start, args=(round_, won)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert won == [True]


def test_json_is_replaced_whole(directory, names):
    """The second version of a file takes the place of the first, and nothing else is left."""
    directory.write_json("run.json", {"state": "running", "straße": 1})
    directory.write_json("run.json", {"state": "ended"})

    assert json.loads((directory.path / "run.json").read_text()) == {"state": "ended"}
    assert names(directory.path) == ["masks", "run.json"]


def test_a_reader_never_sees_half_a_json_file(directory):
    """While one thread rewrites a file, every reading of it is one whole version."""
    versions = [{"version": number, "padding": "x" * 50_000} for number in range(60)]
    directory.write_json("run.json", versions[0])

    def rewrite() -> None:
        for version in versions:
            directory.write_json("run.json", version)

    thread = threading.Thread(target=rewrite)
    thread.start()
    while thread.is_alive():
        assert json.loads((directory.path / "run.json").read_text()) in versions
    thread.join()


def test_json_without_nan(directory):
    """A number that JSON does not have is refused before anything is written."""
    with pytest.raises(ValueError, match="JSON"):
        directory.write_json("report.json", {"fps": float("nan")})

    assert not (directory.path / "report.json").exists()


def test_a_failed_json_keeps_the_earlier_version_and_no_scrap(directory, names):
    """When a file cannot be put in place, its predecessor and nothing else is there."""
    (directory.path / "run.json").mkdir()  # a folder cannot be replaced by a file

    with pytest.raises(SinkError, match=r"run\.json"):
        directory.write_json("run.json", {})

    assert names(directory.path) == ["masks", "run.json"]


def test_an_unused_folder_can_be_given_back(tmp_path):
    """A run that never began leaves no folder, so that the same --out works next time."""
    directory = RunFolder.create(tmp_path / "run", LocalDisk())
    directory.discard_if_empty()

    assert not (tmp_path / "run").exists()


def test_a_used_folder_is_never_given_back(directory):
    """A folder with one result in it stays."""
    (directory.masks / "00000000.png").write_bytes(b"x")
    directory.discard_if_empty()

    assert (directory.masks / "00000000.png").exists()


@pytest.mark.parametrize("path", [Path("/run"), Path("/card/surveys/run")])
def test_a_claimed_folder_outlives_a_power_cut(path):
    """Once create has returned, the folder, its parents and the claim are durable."""
    disk = MemoryDisk()
    RunFolder.create(path, disk)
    left = disk.after_power_cut(Random(0), Unsynced.LOST)

    assert left.names(path) == ["masks"]
    with pytest.raises(SinkError, match=re.escape(str(path))):
        RunFolder.create(path, left)


def test_a_folder_made_beforehand_outlives_a_power_cut_once_taken():
    """Whoever made the empty folder need not have synced it."""
    disk = MemoryDisk()
    disk.make_folder(Path("/run"))
    RunFolder.create(Path("/run"), disk)

    assert disk.after_power_cut(Random(0), Unsynced.LOST).names(Path("/run")) == ["masks"]


def test_json_outlives_a_power_cut():
    """When write_json has returned, a power cut leaves that version."""
    disk = MemoryDisk()
    folder = RunFolder.create(Path("/run"), disk)
    for state in ("running", "ended"):
        folder.write_json("run.json", {"state": state})
        left = disk.after_power_cut(Random(0), Unsynced.LOST)

        assert json.loads(left.files()[Path("/run/run.json")]) == {"state": state}


def test_a_full_disk_has_room_for_the_last_files():
    """What was reserved at the start is there for the last files, and nothing of it is left."""
    disk = MemoryDisk(room_bytes=300_000)
    folder = RunFolder.create(Path("/run"), disk)
    folder.reserve()
    with pytest.raises(SinkError):
        disk.write(folder.masks / "0.png", bytes(100_000))
    folder.free_reserve()
    folder.write_json("report.json", {"text": "x" * 50_000})
    folder.write_json("run.json", {"text": "x" * 50_000})
    assert disk.names(folder.path) == ["masks", "report.json", "run.json"]
    folder.free_reserve()


def test_a_disk_without_room_for_the_last_files_is_refused():
    """A run that could not even say how it ended does not begin, and leaves no folder."""
    disk = MemoryDisk(room_bytes=1_000)
    folder = RunFolder.create(Path("/run"), disk)
    with pytest.raises(SinkError):
        folder.reserve()
    folder.free_reserve()
    folder.discard_if_empty()
    assert disk.names(Path("/")) == []


def test_a_name_that_is_no_text_is_written_all_the_same(tmp_path):
    """The bytes of a file's name that are no UTF-8 become escapes of JSON."""
    folder = RunFolder.create(tmp_path / "run", LocalDisk())
    folder.write_json("run.json", {"source": "clip\udcff.mp4"})
    assert json.loads((folder.path / "run.json").read_bytes()) == {"source": "clip\udcff.mp4"}


@pytest.mark.parametrize("disk", [LocalDisk(), MemoryDisk()], ids=["local", "memory"])
def test_runs_of_one_instant_get_folders_of_their_own(tmp_path, disk):
    """However often the same name is asked for, each run gets a folder, in the order of time."""
    parent = tmp_path / "runs" if isinstance(disk, LocalDisk) else Path("/runs")
    made = [RunFolder.create_in(parent, name, disk).path.name for name in ["2026", "2026", "1970"]]
    made += [RunFolder.create_in(parent, "2026", disk).path.name for _ in range(9)]
    assert made[:4] == ["2026", "2026-002", "1970", "2026-003"]
    assert disk.names(parent) == ["1970", *(name for name in made if name != "1970")]


def test_runs_that_race_for_one_name_all_get_a_folder(tmp_path):
    """However many start at once, no two share a folder and none is refused."""
    with ThreadPoolExecutor(8) as pool:
        begun = [
            pool.submit(RunFolder.create_in, tmp_path / "runs", "1970", LocalDisk())
            for _ in range(40)
        ]
    assert len({one.result().path for one in begun}) == 40


def test_a_full_disk_is_told_and_no_name_is_tried_for_ever():
    """Only a name that is taken is followed by another one."""
    with pytest.raises(SinkError):
        RunFolder.create_in(Path("/runs"), "1970", MemoryDisk(operations_left=3))
