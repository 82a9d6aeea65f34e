"""The heading is the receiver's course while driving and does not change while standing."""

import pytest

from edgecrack.positions.heading import HeadingFilter
from edgecrack.records import Fix

METRE_DEG = 1 / 111_195.08


def fix(second, north_m, **known):
    """Return a fix so far north of 50 N 8 E."""
    return Fix(round(second * 1e9), 50.0 + north_m * METRE_DEG, 8.0, **known)


def test_the_course_of_a_moving_receiver_is_the_heading():
    """At speed the receiver's course is taken, even where the positions disagree."""
    heading_filter = HeadingFilter()
    assert heading_filter.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0)) == 90.0
    assert heading_filter.read(fix(1, 10, heading_deg=91.0, speed_mps=10.0)) == 91.0


def test_due_north_is_a_heading():
    """A course of zero is known, not missing; 360 is the same."""
    heading_filter = HeadingFilter()
    heading_filter.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0))
    assert heading_filter.read(fix(1, 10, heading_deg=0.0, speed_mps=10.0)) == 0.0
    assert heading_filter.read(fix(2, 20, heading_deg=360.0, speed_mps=10.0)) == 0.0


@pytest.mark.parametrize(("speed", "heading"), [(1.49, 90.0), (1.5, 200.0)])
def test_below_walking_pace_the_last_good_heading_is_held(speed, heading):
    """The limit is 1.5 m/s, inclusive."""
    heading_filter = HeadingFilter()
    heading_filter.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0))
    assert heading_filter.read(fix(1, 1, heading_deg=200.0, speed_mps=speed)) == heading


def test_nothing_is_held_before_anything_was_good():
    """A receiver that starts at rest has no heading yet."""
    assert HeadingFilter().read(fix(0, 0, heading_deg=90.0, speed_mps=0.2)) is None


def test_without_a_speed_it_follows_from_the_positions():
    """A course is accepted where the positions show a speed above walking pace, only there."""
    heading_filter = HeadingFilter()
    heading_filter.read(fix(0, 0, heading_deg=10.0))
    assert heading_filter.read(fix(1, 10, heading_deg=20.0)) == 20.0
    assert heading_filter.read(fix(2, 10.2, heading_deg=30.0)) == 20.0


def test_without_a_course_it_is_the_direction_from_a_fix_far_enough_behind():
    """At 10 Hz one step is too short, so several together give the direction."""
    heading_filter = HeadingFilter()
    headings = [heading_filter.read(fix(step / 10, -1.2 * step)) for step in range(6)]
    assert headings[:3] == [None] * 3
    assert headings[3:] == [pytest.approx(180.0)] * 3


def test_drift_at_rest_does_not_turn_the_heading():
    """A parked receiver's position drifts metres in minutes; the heading stays."""
    heading_filter = HeadingFilter()
    heading_filter.read(fix(0, 0))
    assert heading_filter.read(fix(1, 10)) == pytest.approx(0)
    for minute in range(1, 10):
        assert heading_filter.read(fix(60 * minute, 10 - 4 * minute)) == pytest.approx(0)


def test_when_the_course_stops_the_direction_is_not_measured_from_the_first_fix():
    """A course from positions begins at the last fix with a course, not at the first fix."""
    heading_filter = HeadingFilter()
    for second in range(5):
        heading_filter.read(fix(second, 10 * second, heading_deg=0.0, speed_mps=10.0))
    assert heading_filter.read(fix(5, 30)) == pytest.approx(180)


def test_a_reported_standstill_holds_the_heading_though_the_position_moves():
    """The receiver reports 0.3 m/s: whatever its positions do, the heading is held."""
    heading_filter = HeadingFilter()
    heading_filter.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0))
    assert heading_filter.read(fix(1, 8, speed_mps=0.3)) == 90.0


def test_after_forget_the_filter_starts_again():
    """After a gap neither the heading nor the place before it counts."""
    heading_filter = HeadingFilter()
    heading_filter.read(fix(0, 0, heading_deg=90.0, speed_mps=10.0))
    heading_filter.forget()
    assert heading_filter.read(fix(1, 10)) is None
