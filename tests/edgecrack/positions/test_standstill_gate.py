"""When a vehicle is said to stand, and that it never is without evidence."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.positions.standstill_gate import (
    CREEP_M,
    HOLD_S,
    LEAVE_MPS,
    STALE_S,
    StandstillGate,
)
from edgecrack.records import Fix

SECOND_NS = 10**9
TICK_NS = SECOND_NS // 10


def reading(mps, time_ns, north_m=0.0):
    """Return a fix with this speed, so far north of where it all began."""
    return Fix(time_ns, 50.0 + north_m / 111_195, 8.0, speed_mps=mps)


def stands(speeds, *, gate=None, age_ns=0):
    """Ask every tenth of a second; return the answers. None is no reading."""
    gate = gate or StandstillGate()
    return [
        gate.is_standing(n * TICK_NS, None if mps is None else reading(mps, n * TICK_NS - age_ns))
        for n, mps in enumerate(speeds)
    ]


def test_it_stands_once_it_was_slow_for_two_seconds():
    """Not a tick earlier."""
    assert stands([0.29] * 25) == [False] * 20 + [True] * 5


def test_between_the_bounds_it_stays_what_it_was():
    """0.5 m/s is a creep that does not begin a standstill, and a receiver's noise within one."""
    assert not any(stands([0.5] * 50))
    assert stands([0.0] * 21 + [0.5, 0.79, 0.0])[-4:] == [True] * 4


def test_a_creep_begins_the_two_seconds_again():
    """What was slow before does not count."""
    assert not any(stands([0.0] * 19 + [0.3] + [0.0] * 20))


def test_it_moves_at_once():
    """The first reading of 0.8 m/s ends a standstill, and the next one needs its two seconds."""
    answers = stands([0.0] * 30 + [LEAVE_MPS] + [0.0] * 25)
    assert answers == [False] * 20 + [True] * 10 + [False] * 21 + [True] * 5


@pytest.mark.parametrize("lost", ["nothing", "no speed", "old"])
def test_without_a_speed_it_moves(lost):
    """No fix, one without a speed, and one older than two seconds end a standstill at once."""
    gate = StandstillGate()
    assert stands([0.0] * 30, gate=gate)[-1]
    now_ns = 30 * TICK_NS
    latest = {
        "nothing": None,
        "no speed": reading(None, now_ns),
        "old": reading(0.0, now_ns - round(STALE_S * SECOND_NS) - 1),
    }
    assert not gate.is_standing(now_ns, latest[lost])
    assert not gate.is_standing(now_ns + TICK_NS, reading(0.0, now_ns))


def test_a_speed_of_two_seconds_ago_still_counts():
    """A receiver that sends once a second, and late."""
    assert stands([0.0] * 21, age_ns=round(STALE_S * SECOND_NS))[-1]


@pytest.mark.parametrize("step_ns", [2 * SECOND_NS + 1, -1, -3600 * SECOND_NS])
def test_time_that_jumps_begins_anew(step_ns):
    """Nobody asked in between, or the clock was set: the time before proves nothing."""
    gate = StandstillGate()
    assert stands([0.0] * 30, gate=gate)[-1]
    now_ns = 29 * TICK_NS + step_ns
    assert not gate.is_standing(now_ns, reading(0.0, now_ns))


def test_a_queue_that_creeps_is_seen_every_five_metres():
    """0.5 m/s does not end a standstill, but the way it has made does."""
    gate = StandstillGate()
    assert stands([0.0] * 30, gate=gate)[-1]
    creeping = [
        gate.is_standing(n * TICK_NS, reading(0.5, n * TICK_NS, north_m=0.05 * (n - 29)))
        for n in range(30, 160)
    ]
    seen_at = creeping.index(False)
    assert 0.05 * (seen_at + 1) == pytest.approx(CREEP_M, abs=0.1)
    assert not any(creeping[seen_at:])


@given(st.lists(st.one_of(st.none(), st.floats(0, 2)), max_size=120))
def test_it_stands_only_after_two_seconds_of_slow_readings(speeds):
    """Whatever was read, a standstill has nothing else behind it, and no unknown speed."""
    held = round(HOLD_S * SECOND_NS / TICK_NS)
    for number, is_standing in enumerate(stands(speeds)):
        before = speeds[max(0, number - held) : number + 1]
        if is_standing:
            assert len(before) == held + 1
            assert all(mps is not None and mps < LEAVE_MPS for mps in before)
