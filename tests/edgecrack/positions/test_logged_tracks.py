"""A log that is read becomes a track that places a camera all along it."""

from dataclasses import replace
from itertools import pairwise

import pytest

from edgecrack.positions import read_positions, track_of
from edgecrack.positions.geodesy import distance_m
from edgecrack.synthetic.drive import DriveSpec, drive_fixes
from edgecrack.synthetic.position_log import nmea

SECOND_NS = 1_000_000_000


def assert_placed_between_neighbours(track, fixes):
    """Assert that half way between close neighbours is placed, and gaps are open; count both."""
    placed = gaps = 0
    for a, b in pairwise(fixes):
        place = track.at((a.time_ns + b.time_ns) // 2)
        assert (place.pose is not None) == (b.time_ns - a.time_ns <= 2 * SECOND_NS)
        placed, gaps = placed + (place.pose is not None), gaps + (place.pose is None)
        if place.pose is not None:
            assert distance_m(a, place.pose) <= distance_m(a, b) + 0.01
    return placed, gaps


def sure(fixes):
    """Return the fixes that a track does not refuse for their dilution of precision."""
    return [fix for fix in fixes if (fix.hdop or 0) <= 5]


def test_a_log_is_placed_all_along(tmp_path):
    """Half way between neighbours of a log is placed, and where fixes are missing it is not."""
    driven = drive_fixes(DriveSpec(seconds=60))
    fixes = [
        replace(fix, hdop=9.9) if number % 50 == 7 else fix
        for number, fix in enumerate(driven)
        if not 100 <= number < 120 and not 200 <= number < 230
    ]
    (tmp_path / "drive.nmea").write_text(nmea(fixes), newline="")
    log = read_positions(tmp_path / "drive.nmea")
    track = track_of(log)
    assert track.refused == {**dict.fromkeys(track.refused, 0), "hdop": 5}
    assert assert_placed_between_neighbours(track, sure(log.fixes)) == (len(track) - 3, 2)


def test_a_gpx_track_has_the_length_that_was_driven(tmp_path):
    """200 points, 1 s apart, 20 m from each other; all of it is placed and has a heading."""
    points = "".join(
        f'<trkpt lat="{50 + 20 * second / 111_195.08:.9f}" lon="8.0"><time>'
        f"1970-01-01T00:{second // 60:02d}:{second % 60:02d}Z</time></trkpt>"
        for second in range(200)
    )
    path = tmp_path / "drive.gpx"
    path.write_text(
        '<gpx version="1.1" xmlns="http://www.topografix.com/GPX/1/1">'
        f"<trk><trkseg>{points}</trkseg></trk></gpx>"
    )
    log = read_positions(path)
    assert sum(distance_m(a, b) for a, b in pairwise(log.fixes)) == pytest.approx(3_980, abs=1)
    track = track_of(log)
    assert track.span == (0, 199 * SECOND_NS)
    poses = [track.at(frame * SECOND_NS // 25).pose for frame in range(1, 199 * 25)]
    assert {round(pose.heading_deg) % 360 for pose in poses} == {0}


@pytest.mark.real_data
def test_the_walk_is_placed_all_along(shared_data):
    """Of a real walk each half second between neighbours is placed, and gaps are left open."""
    log = read_positions(shared_data / "gps" / "walk-amod.nmea")
    track = track_of(log)
    assert track.refused == {**dict.fromkeys(track.refused, 0), "hdop": 32}
    placed, _ = assert_placed_between_neighbours(track, sure(log.fixes))
    assert placed > 500


@pytest.mark.real_data
def test_the_car_drive_has_its_known_length(shared_data):
    """264 points, 9.56 km, 796 s; the stretch for the motorway clip is placed throughout."""
    log = read_positions(shared_data / "gps" / "car-leipzig.gpx")
    length_m = sum(distance_m(a, b) for a, b in pairwise(log.fixes))
    assert length_m == pytest.approx(9_560, abs=10)
    track = track_of(log)
    assert track.span == (0, 796 * SECOND_NS)
    clip = [track.at((442 * 25 + frame) * SECOND_NS // 25).pose for frame in range(221)]
    assert all(pose.heading_deg is not None for pose in clip[1:])
