"""Which frames are left out, and what is noted of them."""

from dataclasses import replace

import pytest

from edgecrack.positions.standstills import MOST_NOTED, Standstill, Standstills
from edgecrack.positions.track import Track
from edgecrack.records import Fix
from tests.edgecrack.survey_parts import frame

SECOND_NS = 10**9
START_NS = 1_780_304_400 * SECOND_NS


def fixes(speeds):
    """Return a fix a second with these speeds."""
    return [
        Fix(START_NS + s * SECOND_NS, 50 + sum(speeds[:s]) * 9e-6, 8.0, speed_mps=speed)
        for s, speed in enumerate(speeds)
    ]


def frames(seconds, fps=5):
    """Return frames that were taken over so many seconds."""
    return [frame(n, captured_ns=START_NS + n * SECOND_NS // fps) for n in range(seconds * fps)]


def left_out(standstills, taken):
    """Return the numbers of the frames that were left out."""
    told = []
    passed = list(standstills.left_out(taken, lambda of: told.append(of.index)))
    assert [of.index for of, after in zip(taken, passed, strict=True) if after is None] == told
    return told


def test_a_stop_is_left_out_but_for_its_first_two_seconds():
    """Slow from second 3 on, moving off within second 8; one standstill is noted, and which."""
    standstills = Standstills(Track(fixes([9, 6, 3, 0, 0, 0, 0, 0, 0, 4, 9])))
    told = left_out(standstills, frames(10))
    assert told == list(range(25, 41))
    assert standstills.noted == (
        Standstill(25, 40, "2026-06-01T09:00:05.000Z", "2026-06-01T09:00:08.000Z", 16),
    )


def test_each_stop_is_noted():
    """Also the one that goes on at the end."""
    standstills = Standstills(Track(fixes([0, 0, 0, 0, 5, 5, 0, 0, 0, 0, 0, 0])))
    left_out(standstills, frames(11))
    assert [(one.first_frame, one.last_frame) for one in standstills.noted] == [(10, 15), (40, 54)]


def test_gaps_in_the_numbers_are_not_frames():
    """A camera drops some: counted is what was left out."""
    standstills = Standstills(Track(fixes([0] * 8)))
    left_out(standstills, frames(6)[::3])
    assert standstills.noted == (
        Standstill(12, 27, "2026-06-01T09:00:02.400Z", "2026-06-01T09:00:05.400Z", 6),
    )


@pytest.mark.parametrize(
    "track", [None, Track(), Track(replace(fix, speed_mps=None) for fix in fixes([0] * 9))]
)
def test_nothing_is_left_out_without_a_speed(track):
    """No track, no fix, and fixes without speeds at one place are no evidence."""
    assert not left_out(Standstills(track), frames(8))


def test_frames_without_a_time_and_ticks_are_passed_on():
    """Nobody knows where the vehicle was then."""
    standstills = Standstills(Track(fixes([0] * 8)))
    timeless = [frame(0), None, frame(1)]
    assert list(standstills.left_out(timeless, pytest.fail)) == timeless


def test_a_receiver_that_goes_silent_ends_the_standstill():
    """Two seconds after its last fix the frames are inferred again."""
    standstills = Standstills(Track(fixes([0, 0, 0, 0, 0])))
    assert left_out(standstills, frames(9)) == list(range(10, 31))


def test_only_the_longest_are_noted():
    """A day of stops fits into run.json: the shortest of too many are let go."""
    speeds = [0, 0, 0, 9] * 20 + [0] * 9 + [9] + [0, 0, 0, 9] * (MOST_NOTED - 10)
    standstills = Standstills(Track(fixes(speeds)))
    left_out(standstills, frames(len(speeds)))
    assert MOST_NOTED - 1 <= len(standstills.noted) <= MOST_NOTED
    assert max(one.frames for one in standstills.noted) > 30
    starts = [one.first_frame for one in standstills.noted]
    assert starts == sorted(starts)
