"""A time that was not known is found out later, from the lines of ``clock.jsonl``."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.clock import DRIFT_PPM, LEAST_UTC_NS, SECOND_NS, TimeSource
from edgecrack.clock.record import ClockEntry, read_entries, resolve_ns
from edgecrack.run_reader import read_run

S = SECOND_NS
GPS, NONE = TimeSource.GPS, TimeSource.NONE


def known(at_s, ahead_ns=LEAST_UTC_NS, boot="b", asleep_s=0.0):
    """Return a line that knows the time."""
    return ClockEntry(round(at_s * S), round(at_s * S) + ahead_ns, GPS, 0.9, boot, asleep_s)


def unknown(at_s, boot="b", asleep_s=0.0):
    """Return a line that does not."""
    return ClockEntry(round(at_s * S), None, NONE, None, boot, asleep_s)


def resolved_s(lines, at_s, boot="b"):
    """Return the seconds since ``LEAST_UTC_NS`` of an instant, or None."""
    time_ns = resolve_ns(lines, round(at_s * S), boot)
    return None if time_ns is None else (time_ns - LEAST_UTC_NS) / S


def test_lines_are_read_as_they_were_written():
    """To the microsecond, whatever they know."""
    lines = [unknown(1.25), known(2.5), known(3e6, asleep_s=1.5)]
    assert read_entries(b"".join(line.as_line() for line in lines)) == lines


def test_the_next_line_that_knows_the_time_tells_it():
    """Before the first line, after it, and however long the time was not known."""
    lines = [unknown(10), unknown(11), known(20), known(30)]
    assert [resolved_s(lines, at_s) for at_s in (5, 10, 15, 20)] == [5, 10, 15, 20]


def test_nothing_is_told_beyond_the_last_line():
    """A clock that nobody knew any more stays unknown."""
    assert resolved_s([unknown(10), known(20)], 21) is None
    assert resolved_s([known(10), unknown(20)], 15) is None
    assert resolved_s([], 15) is None


def test_the_drift_between_two_lines_is_shared_out():
    """Halfway in between it is half of it."""
    lines = [known(10), unknown(12), known(20, LEAST_UTC_NS + S // 10)]
    assert resolved_s([lines[0], lines[2]], 15) == pytest.approx(15.05)
    assert resolved_s(lines, 15) == pytest.approx(15.1)


def test_another_boot_and_a_machine_that_slept_tell_nothing():
    """Their monotonic clocks count from elsewhere."""
    assert resolved_s([unknown(10), known(20, boot="c")], 15) is None
    assert resolved_s([unknown(10), unknown(15, asleep_s=60), known(20, asleep_s=60)], 12) is None
    assert resolved_s([unknown(10), unknown(15, asleep_s=60), known(20, asleep_s=60)], 5) is None
    assert resolved_s([unknown(10), unknown(15, asleep_s=60), known(20, asleep_s=60)], 16) == 16


@given(st.floats(-DRIFT_PPM, DRIFT_PPM), st.floats(-0.8, 0.8), st.floats(0, 86_400))
def test_what_is_found_out_is_as_right_as_the_line_and_the_crystal(drift_ppm, error_s, before_s):
    """A day before the time was known, the drift of a day comes on top."""
    lines = [unknown(0), known(86_400, LEAST_UTC_NS + round(error_s * S))]
    at_s = 86_400 - before_s
    true_s = 86_400 - before_s * (1 + drift_ppm * 1e-6)
    assert (
        abs(resolved_s(lines, at_s) - true_s) <= abs(error_s) + before_s * DRIFT_PPM * 1e-6 + 1e-5
    )


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode), st.integers(0, 300))
def test_whatever_a_file_holds_whole_lines_are_read(noise, cut):
    """Noise between lines, and a torn last one, are left out."""
    line = known(2.5).as_line()
    found = read_entries(line + noise + b"\n" + line + line[: min(cut, len(line) - 1)])
    assert found[0] == found[-1] == known(2.5)
    assert len(found) >= 2


@pytest.mark.parametrize(
    "wrong",
    [
        "[]", "{}", "7", '"x"', "[" * 99_999, '{"monotonic_s":1e400,"utc":null}',
        '{"monotonic_s":[],"utc":null,"source":"gps","error_s":0}',
        '{"monotonic_s":1,"utc":5,"source":"gps","error_s":0}',
        '{"monotonic_s":1,"utc":"yesterday","source":"gps","error_s":0}',
        '{"monotonic_s":1,"utc":null,"source":"sundial","error_s":0}',
        '{"monotonic_s":1e308,"utc":null,"source":"gps","error_s":"much"}',
        '{"monotonic_s":NaN,"utc":null,"source":"gps","error_s":0}',
    ],
)  # fmt: skip
def test_what_is_no_line_is_left_out(wrong):
    """Nothing is guessed of it, and nothing breaks."""
    assert read_entries(wrong.encode() + b"\n") == []


def write_run(folder, *lines, boot="b", **facts):
    """Write a run of one frame at second 12, and these lines."""
    (folder / "run.json").write_text(json.dumps({"boot_id": boot}))
    properties = {"frame": 0, "media_time_s": 0.0, "t_utc": None, "t_monotonic_s": 12.0, **facts}
    (folder / "cracks.geojsonl").write_text(json.dumps({"properties": properties}) + "\n")
    (folder / "clock.jsonl").write_bytes(b"".join(line.as_line() for line in lines))
    return read_run(folder).observations[0]


def test_a_record_without_a_time_gets_it_when_the_run_is_read(tmp_path):
    """And says where from; a time that a record has is left alone."""
    frame = write_run(tmp_path, unknown(10), known(20))
    assert (frame.t_utc, frame.t_utc_from) == ("2026-01-01T00:00:12.000Z", "clock.jsonl")
    frame = write_run(tmp_path, known(20), t_utc="2026-05-01T12:00:00.000Z")
    assert (frame.t_utc, frame.t_utc_from) == ("2026-05-01T12:00:00.000Z", None)


def test_a_record_of_which_nothing_tells_the_time_has_none(tmp_path):
    """Of another boot, beyond the last line, without a monotonic time, or in a run without one."""
    for facts in ({"boot": "c"}, {"boot": None}, {"t_monotonic_s": 21.0}, {"t_monotonic_s": None}):
        frame = write_run(tmp_path, unknown(10), known(20), **facts)
        assert (frame.t_utc, frame.t_utc_from) == (None, None)


@pytest.mark.parametrize("facts", [{"t_monotonic_s": 1e305}, {"t_monotonic_s": -1e299}])
def test_an_instant_that_no_clock_can_have_has_no_time(tmp_path, facts):
    """A damaged number breaks nothing, neither a record's nor a line's."""
    assert write_run(tmp_path, unknown(10), known(20), **facts).t_utc is None
    assert write_run(tmp_path, known(1e12, LEAST_UTC_NS - 10**12 * S)).t_utc is None
