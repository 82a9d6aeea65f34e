"""The vehicle's motion."""

import math

import pytest

from edgecrack.synthetic.motion import EARTH_RADIUS_M, Motion

MOTION = Motion(speed_mps=12.0)


def test_speed_is_the_rate_of_distance():
    """Distance grows as the speed says, to a millimetre a second."""
    for at in (-1.0, 0.0, 3.3, 9.0):
        rate = (MOTION.along_m(at + 1e-4) - MOTION.along_m(at - 1e-4)) / 2e-4
        assert MOTION.speed_at(at) == pytest.approx(rate, abs=1e-3)


@pytest.mark.parametrize("start", [-1.0, 0.0, 4.0, 8.0])
def test_places_on_earth_follow_distance_and_course(start):
    """Two places a moment apart lie as far and in the direction the motion says."""
    (lat0, lon0), (lat1, lon1) = MOTION.place_at(start), MOTION.place_at(start + 0.2)
    north = math.radians(lat1 - lat0) * EARTH_RADIUS_M
    east = math.radians(lon1 - lon0) * EARTH_RADIUS_M * math.cos(math.radians(lat0))
    moved = MOTION.along_m(start + 0.2) - MOTION.along_m(start)
    assert math.hypot(north, east) == pytest.approx(moved, rel=2e-3)
    course = math.degrees(math.atan2(east, north)) % 360
    assert course == pytest.approx(MOTION.heading_at(start + 0.1), abs=0.3)
