"""A segment that was sealed before the time was known gets it from those beside it."""

import json
import os
import shutil

import pytest

from edgecrack.clock import LEAST_UTC_NS, SECOND_NS, TimeSource
from edgecrack.clock import neighbours as neighbours_module
from edgecrack.clock.record import ClockEntry
from edgecrack.run_reader import read_run

FIRST, SECOND, THIRD = "19700101T000005Z", "19700101T001005Z", "20260501T120000Z"


def line(at_s, *, is_known, boot="b", asleep_s=0.0):
    """Return a line that says at which second the time was known, or not."""
    utc_ns = LEAST_UTC_NS + at_s * SECOND_NS if is_known else None
    source = TimeSource.GPS if is_known else TimeSource.NONE
    return ClockEntry(at_s * SECOND_NS, utc_ns, source, None, boot, asleep_s)


def write_segment(folder, *lines, boot="b", at_s=300):
    """Write a segment of one frame without a time."""
    folder.mkdir()
    (folder / "run.json").write_text(json.dumps({"boot_id": boot}))
    properties = {"frame": 0, "media_time_s": 0.0, "t_utc": None, "t_monotonic_s": at_s}
    (folder / "cracks.geojsonl").write_text(json.dumps({"properties": properties}) + "\n")
    (folder / "clock.jsonl").write_bytes(b"".join(entry.as_line() for entry in lines))


def found(folder):
    """Return the time of the only frame, and where it is from."""
    (frame,) = read_run(folder).observations
    return frame.t_utc, frame.t_utc_from


@pytest.fixture
def early(tmp_path):
    """Return a segment of the first ten minutes, in which the time was never known."""
    write_segment(tmp_path / FIRST, line(5, is_known=False), line(605, is_known=False))
    return tmp_path / FIRST


@pytest.fixture
def later(early):
    """Write what followed it: ten minutes without the time, then it was known."""
    known = line(1260, is_known=True)
    write_segment(early.parent / SECOND, line(605, is_known=False), line(1205, is_known=False))
    write_segment(early.parent / THIRD, line(1205, is_known=False), known, at_s=None)
    return early.parent / THIRD


def test_the_first_segment_that_knows_the_time_tells_it(early, later, monkeypatch):
    """Of one that followed, however it is named by whoever reads."""
    assert found(early) == ("2026-01-01T00:05:00.000Z", "clock.jsonl")
    assert found(later.parent / SECOND) == found(early)
    monkeypatch.chdir(early)
    assert found(".") == found(early)


def test_one_that_is_named_as_if_it_came_before_tells_it_too(early, later):
    """This machine's clock was ahead, and then set back."""
    later.rename(early.parent / "19691231T000000Z")
    assert found(early) == ("2026-01-01T00:05:00.000Z", "clock.jsonl")


def test_alone_it_has_no_time(early):
    """A segment that was uploaded needs one that knows it beside it."""
    assert found(early) == (None, None)


def test_what_belongs_to_another_start_or_slept_in_between_tells_nothing(early, later):
    """Their monotonic clocks count from elsewhere; so does one without an identity."""
    for wrong in ({"boot": "c"}, {"asleep_s": 60.0}):
        (later / "clock.jsonl").write_bytes(line(1260, is_known=True, **wrong).as_line())
        assert found(early) == (None, None)
    (later / "clock.jsonl").write_bytes(line(1260, is_known=True, boot="").as_line())
    (early / "clock.jsonl").write_bytes(line(605, is_known=False, boot="").as_line())
    (early / "run.json").write_text(json.dumps({"boot_id": ""}))
    assert found(early) == (None, None)


def test_one_that_lost_its_own_lines_asks_nobody(early, later):
    """Only they say whether the machine was suspended before the time was known."""
    assert later.exists()
    (early / "clock.jsonl").write_bytes(b"")
    assert found(early) == (None, None)


def test_neighbours_that_are_damaged_are_passed_over(early, later):
    """Noise, a torn line, no file, a pipe or a folder in its place, a link out of the way."""
    for number, data in enumerate((b"\xff\n[]\n", line(9, is_known=True).as_line()[:-1])):
        write_segment(early.parent / f"{SECOND}-00{number + 2}")
        (early.parent / f"{SECOND}-00{number + 2}" / "clock.jsonl").write_bytes(b"b" + data)
    for name in ("empty", "pipe", "folder"):
        (early.parent / f"{SECOND}-{name}").mkdir()
    os.mkfifo(early.parent / f"{SECOND}-pipe" / "clock.jsonl")
    (early.parent / f"{SECOND}-folder" / "clock.jsonl").mkdir()
    assert found(early) == ("2026-01-01T00:05:00.000Z", "clock.jsonl")
    shutil.move(later / "clock.jsonl", early.parent / "elsewhere.jsonl")
    (later / "clock.jsonl").symlink_to(early.parent / "elsewhere.jsonl")
    assert found(early) == (None, None)


def test_so_many_are_asked_and_no_more(early, later, monkeypatch):
    """A folder may hold the surveys of years."""
    assert later.exists()
    monkeypatch.setattr(neighbours_module, "MOST_FOLDERS", 1)
    assert found(early) == (None, None)
