"""The map."""

import math
import re
from dataclasses import replace

import pytest

from edgecrack.page.map_key import map_key
from edgecrack.page.track_map import WIDTH, draw_map, fit, grade, grade_bounds, length_m, nice_step
from edgecrack.records import Fix
from edgecrack.run_reader import read_run
from edgecrack.synthetic.drive import DriveSpec, drive_fixes


def test_distances_on_the_map_are_true_in_every_direction():
    """A hundred metres north and a hundred metres east are equally long on the map."""
    metre_deg = 1 / 111_194.9
    lat, lon = 60.0, 10.0
    north, east = lat + 100 * metre_deg, lon + 100 * metre_deg / math.cos(math.radians(lat))
    frame = fit([(lat, lon), (north, east)])
    (x0, y0), (x1, y1) = frame.xy((lat, lon)), frame.xy((north, east))
    assert (x1 - x0) / frame.scale == pytest.approx(100, rel=1e-3)
    assert (y0 - y1) / frame.scale == pytest.approx(100, rel=1e-3)


def test_everything_lies_on_the_map(run_dir):
    """Start, end and every crack have coordinates within the picture, and the bar its metres."""
    svg = draw_map(drive_fixes(DriveSpec()), read_run(run_dir).observations, "picture")
    height = float(re.search(r'viewBox="0 0 \d+ (\d+)"', svg)[1])
    marks = re.findall(r"translate\(([\d.-]+) ([\d.-]+)\)", svg)
    assert len(marks) == len(read_run(run_dir).observations) + 1
    assert all(0 < float(x) < WIDTH and 0 < float(y) < height for x, y in marks)
    assert all(word in svg for word in (">Start<", ">End<", ">N<", "20 m<"))


def test_a_map_needs_one_place():
    """Without a position there is no drawing; a single fix does not divide by zero."""
    assert "<svg" not in draw_map([], [], "picture")
    assert "<svg" in draw_map([Fix(0, 1.0, 2.0)], [], "picture")


def test_only_a_known_heading_is_drawn(run_dir):
    """A frame without a heading is a dot; the key tells of the signs that are there only."""
    frames = read_run(run_dir).observations
    still = [replace(frame, heading_deg=None) for frame in frames]
    assert draw_map([], frames, "picture").count('class="mark tick') == len(frames)
    assert draw_map([], still, "picture").count('class="mark dot') == len(frames)
    assert "dot plain" not in map_key(frames, "picture", has_track=False)
    assert "dot plain" in map_key(still, "picture", has_track=False)
    assert map_key(frames, "region", has_track=False).count("<li") == 3
    assert map_key(frames, "region", has_track=True).count("<li") == 6
    assert map_key([], "picture", has_track=False) == ""


def test_a_share_at_a_bound_has_the_lower_grade():
    """The legend says "up to" a bound, and "over" it."""
    grades = [grade(share, (0.1, 0.2, 0.3)) for share in (0.05, 0.1, 0.2, 0.25, 0.3, 0.4)]
    assert grades == [0, 0, 1, 2, 2, 3]


def test_grades_split_the_crack_frames_evenly(run_dir):
    """Bigger cracks never have a lower grade, and the biggest has the highest."""
    crack_frames = sorted(read_run(run_dir).observations, key=lambda frame: frame.area_share)
    bounds = grade_bounds(crack_frames)
    grades = [grade(frame.area_share, bounds) for frame in crack_frames]
    assert grades == sorted(grades)
    assert grades[-1] == 3
    assert grade_bounds([]) == ()


def test_length_and_steps():
    """A line's length is the sum of its pieces; steps are 1, 2 or 5 times a power of ten."""
    assert length_m([(0, 0), (0, 0.001), (0.001, 0.001)]) == pytest.approx(222.4, abs=0.1)
    assert [nice_step(value) for value in (0.03, 9.99, 1000)] == [0.02, 5.0, 1000.0]
