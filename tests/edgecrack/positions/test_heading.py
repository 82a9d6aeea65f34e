"""The heading is the receiver's while driving and does not dance while standing."""

import pytest

from edgecrack.positions.heading import HeadingFilter
from edgecrack.records import Fix

METRE_DEG = 1 / 111_195.08


def fix(second, north_m, **known):
    """Return a fix so far north of 50 N 8 E."""
    return Fix(round(second * 1e9), 50.0 + north_m * METRE_DEG, 8.0, **known)


def test_the_course_of_a_moving_receiver_is_the_heading():
    """At speed the receiver knows best, even where positions say otherwise."""
    compass = HeadingFilter()
    assert compass.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0)) == 90.0
    assert compass.read(fix(1, 10, heading_deg=91.0, speed_mps=10.0)) == 91.0


def test_due_north_is_a_heading():
    """A course of zero is known, not missing; 360 is the same."""
    compass = HeadingFilter()
    compass.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0))
    assert compass.read(fix(1, 10, heading_deg=0.0, speed_mps=10.0)) == 0.0
    assert compass.read(fix(2, 20, heading_deg=360.0, speed_mps=10.0)) == 0.0


@pytest.mark.parametrize(("speed", "heading"), [(1.49, 90.0), (1.5, 200.0)])
def test_below_walking_pace_the_last_good_heading_is_held(speed, heading):
    """The limit is 1.5 m/s, inclusive."""
    compass = HeadingFilter()
    compass.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0))
    assert compass.read(fix(1, 1, heading_deg=200.0, speed_mps=speed)) == heading


def test_nothing_is_held_before_anything_was_good():
    """A receiver that starts at rest has no heading yet."""
    assert HeadingFilter().read(fix(0, 0, heading_deg=90.0, speed_mps=0.2)) is None


def test_without_speed_the_positions_tell_it():
    """A course is believed where the fixes are far apart in little time, and only there."""
    compass = HeadingFilter()
    compass.read(fix(0, 0, heading_deg=10.0))
    assert compass.read(fix(1, 10, heading_deg=20.0)) == 20.0
    assert compass.read(fix(2, 10.2, heading_deg=30.0)) == 20.0


def test_without_course_it_is_the_way_from_a_fix_far_enough_behind():
    """At 10 Hz single steps are too short, so several make one."""
    compass = HeadingFilter()
    headings = [compass.read(fix(step / 10, -1.2 * step)) for step in range(6)]
    assert headings[:3] == [None] * 3
    assert headings[3:] == [pytest.approx(180.0)] * 3


def test_drifting_at_rest_turns_nothing():
    """A parked receiver wanders metres in minutes; the heading stays."""
    compass = HeadingFilter()
    compass.read(fix(0, 0))
    assert compass.read(fix(1, 10)) == pytest.approx(0)
    for minute in range(1, 10):
        assert compass.read(fix(60 * minute, 10 - 4 * minute)) == pytest.approx(0)


def test_a_receiver_that_falls_silent_about_its_course_is_not_traced_back_to_its_start():
    """A course from positions begins at the last fix with a course, not at the first fix."""
    compass = HeadingFilter()
    for second in range(5):
        compass.read(fix(second, 10 * second, heading_deg=0.0, speed_mps=10.0))
    assert compass.read(fix(5, 30)) == pytest.approx(180)


def test_a_reported_standstill_outweighs_a_jumping_position():
    """The receiver says 0.3 m/s: whatever its positions do, the heading is held."""
    compass = HeadingFilter()
    compass.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0))
    assert compass.read(fix(1, 8, speed_mps=0.3)) == 90.0


def test_forgetting_starts_anew():
    """After a gap neither the heading nor the place before it counts."""
    compass = HeadingFilter()
    compass.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0))
    compass.forget()
    assert compass.read(fix(1, 10)) is None
