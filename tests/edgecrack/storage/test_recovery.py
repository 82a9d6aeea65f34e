"""What is repaired in a segment that nobody closed."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.recovery import NOT_CLOSED, repair
from edgecrack.storage.segment import Repairs

FOLDER = Path("/s")


def segment(**files: bytes) -> MemoryDisk:
    """Return a disk with these files in a segment; `__` in a name is a slash, `_0` a dot."""
    disk = MemoryDisk()
    disk.make_folder(FOLDER)
    disk.make_folder(FOLDER / ".pending")
    for name, content in files.items():
        disk.write(FOLDER / name.replace("_0", "."), content)
    return disk


def test_a_torn_last_line_is_cut_and_counted():
    """The whole lines stay byte by byte."""
    disk = segment(cracks_0geojsonl=b'{"a": 1}\n{"b": 2}\n{"c"', clock_0jsonl=b'{"a": 1}\n')
    assert repair(disk, FOLDER) == Repairs(torn_bytes=4, lines_cut=1, unfinished_files=0)
    assert disk.read(FOLDER / "cracks.geojsonl") == b'{"a": 1}\n{"b": 2}\n'
    assert disk.read(FOLDER / "clock.jsonl") == b'{"a": 1}\n'


def test_a_line_behind_a_damaged_one_stays():
    """Zeros in the middle, as some file systems leave them, cost that line alone."""
    disk = segment(cracks_0geojsonl=b'{"a": 1}\n\0\0\0\n{"c": 3}\n')
    assert repair(disk, FOLDER).lines_cut == 1
    assert disk.read(FOLDER / "cracks.geojsonl") == b'{"a": 1}\n{"c": 3}\n'


def test_what_never_came_to_have_its_name_is_removed():
    """Pictures under way, the reserve, and a file that was being replaced."""
    disk = segment(_0reserve=b"0", _0run_0json_0part=b"{", run_0json=b'{"exit_reason": "running"}')
    disk.write(FOLDER / ".pending" / "1.png", b"half")
    assert repair(disk, FOLDER).unfinished_files == 2
    assert disk.names(FOLDER) == ["run.json"]
    assert json.loads(disk.read(FOLDER / "run.json"))["exit_reason"] == NOT_CLOSED


def test_how_a_run_ended_is_not_rewritten():
    """Only one that says it is running is known not to have ended."""
    ended = b'{"exit_reason": "rolled"}'
    disk = segment(run_0json=ended)
    repair(disk, FOLDER)
    assert disk.read(FOLDER / "run.json") == ended


@pytest.mark.parametrize("line", [b"\xef\xbb\xbf{}\n", b"\0{\0}\0\n", b'{"a": "\xff"}\n'])
def test_a_line_that_is_no_utf_8_is_cut(line):
    """Python's reader of JSON takes UTF-16 and byte order marks, other readers do not."""
    disk = segment(cracks_0geojsonl=b'{"a": 1}\n' + line)
    repair(disk, FOLDER)
    assert disk.read(FOLDER / "cracks.geojsonl") == b'{"a": 1}\n'


def test_a_record_with_a_name_that_is_no_utf_8_is_repaired():
    """A run names its source by bytes, which stand in JSON as halves of UTF-16 pairs."""
    disk = segment(run_0json=b'{"exit_reason": "running", "source": "road_\\udcff.mp4"}')
    repair(disk, FOLDER)
    content = disk.read(FOLDER / "run.json")
    assert json.loads(content) == {"exit_reason": NOT_CLOSED, "source": "road_\udcff.mp4"}
    assert b"\\udcff" in content


@given(st.binary(max_size=300))
def test_whatever_lines_hold_repairing_ends_in_whole_ones(content):
    """Any bytes: afterwards each line is an object of JSON, and a second time changes nothing."""
    disk = segment(cracks_0geojsonl=b'{"a": 1}\n' + content)
    repair(disk, FOLDER)
    left = disk.read(FOLDER / "cracks.geojsonl")
    assert left.startswith(b'{"a": 1}\n')
    for line in left.splitlines():
        assert isinstance(json.loads(line), dict)
    assert repair(disk, FOLDER) == Repairs()
    assert disk.read(FOLDER / "cracks.geojsonl") == left
