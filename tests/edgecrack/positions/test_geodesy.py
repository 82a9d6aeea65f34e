"""Distances and directions agree with known places and behave on the circle."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecrack.positions.geodesy import (
    bearing_deg,
    blend_heading_deg,
    blend_lon_deg,
    circle_deg,
    distance_m,
    signed_deg,
    speed_mps,
)
from edgecrack.records import Fix

angles = st.floats(-720, 720)
shares = st.floats(0, 1)


def test_a_long_distance_is_the_published_one():
    """Leipzig to Berlin is 149 km, and the way back is as long."""
    leipzig, berlin = Fix(0, 51.3397, 12.3731), Fix(0, 52.5200, 13.4050)
    assert distance_m(leipzig, berlin) == pytest.approx(149_000, rel=0.01)
    assert distance_m(berlin, leipzig) == pytest.approx(distance_m(leipzig, berlin))


def test_a_short_distance_agrees_with_the_flat_earth():
    """A few metres are what the tangent plane says: rounding loses nothing."""
    metre_deg = 1 / 111_195.08
    start, end = Fix(0, 60.0, 10.0), Fix(0, 60.0 + 3 * metre_deg, 10.0 + 8 * metre_deg)
    assert distance_m(start, end) == pytest.approx(5.0, rel=1e-4)  # 8 at 60 degrees north are 4


def test_the_other_side_of_the_earth_is_half_its_circumference_away():
    """Antipodes do not leave the domain of the arcsine."""
    assert distance_m(Fix(0, 10.0, 0.0), Fix(0, -10.0, 180.0)) == pytest.approx(
        20_015_115, rel=1e-6
    )


@pytest.mark.parametrize(
    ("lat_deg", "lon_deg", "bearing"),
    [(1, 0, 0), (0, 1, 90), (-1, 0, 180), (0, -1, 270), (1e-6, 1e-6, 45), (0, 0, 0)],
)
def test_bearings_run_clockwise_from_north(lat_deg, lon_deg, bearing):
    """North, east, south, west, north-east, and a place itself, north by convention."""
    assert bearing_deg(Fix(0, 0, 0), Fix(0, lat_deg, lon_deg)) == pytest.approx(bearing)


def test_a_bearing_crosses_the_antimeridian():
    """East of 179.9 E lies 179.9 W."""
    assert bearing_deg(Fix(0, 0, 179.9), Fix(0, 0, -179.9)) == pytest.approx(90)


def test_a_speed_is_distance_over_time():
    """A thousandth of a degree of latitude in 4 s is 27.8 m/s."""
    assert speed_mps(Fix(0, 50.0, 8.0), Fix(4_000_000_000, 50.001, 8.0)) == pytest.approx(
        111.195 / 4, rel=1e-4
    )


@pytest.mark.parametrize("end_ns", [0, -1])
def test_a_speed_needs_time(end_ns):
    """No time or negative time between the fixes is a mistake of the caller."""
    with pytest.raises(ValueError, match=f" {end_ns} ns"):
        speed_mps(Fix(0, 0, 0), Fix(end_ns, 0, 1))


@settings(deadline=None)
@given(angles)
def test_an_angle_keeps_its_direction(angle):
    """Both normal forms point where the angle pointed, and lie in their half-open range."""
    assert 0 <= circle_deg(angle) < 360
    assert -180 <= signed_deg(angle) < 180
    for same in (circle_deg(angle), signed_deg(angle)):
        assert math.cos(math.radians(same - angle)) == pytest.approx(1)


def test_an_angle_just_below_zero_is_not_360():
    """The remainder rounds up to 360, which is no heading."""
    assert circle_deg(-1e-20) == 0.0


@settings(deadline=None)
@given(angles, angles, shares)
def test_a_heading_between_two_lies_on_the_short_way(start, end, share):
    """From start to the blend and on to the end is never more than half a turn."""
    middle = blend_heading_deg(start, end, share)
    whole = signed_deg(end - start)
    assert 0 <= middle < 360
    assert math.cos(math.radians(middle - start - share * whole)) == pytest.approx(1)


@settings(deadline=None)
@given(st.floats(-180, 180), st.floats(-180, 180), shares)
def test_a_longitude_between_two_is_on_earth(start, end, share):
    """The blend never leaves -180 to 180, whichever way it goes."""
    assert -180 <= blend_lon_deg(start, end, share) <= 180
