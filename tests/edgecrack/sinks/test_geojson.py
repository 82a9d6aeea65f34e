"""Cracks as lines of GeoJSON."""

import json
import math
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgecrack.errors import SinkError
from edgecrack.records import Fix
from edgecrack.sinks.geojson import GeoJsonSink, to_feature
from edgecrack.sinks.record_only import without_pictures
from edgecrack.storage.memory_disk import MemoryDisk
from edgecrack.storage.memory_tree import Unsynced
from edgecrack.storage.run_folder import RunFolder

LINES = Path("/run/cracks.geojsonl")

PROPERTIES = {
    "frame", "t_utc", "media_time_s", "position_quality", "alt_msl_m", "heading_deg", "speed_mps",
    "hdop", "area_px", "area_share",
    "road_share", "area_share_of_road", "crack_count", "peak_probability", "model",
    "mask", "picture",
}  # fmt: skip


def check_feature(feature) -> None:
    """Hold a value against RFC 7946: sections 3.1.1, 3.1.2, 3.2, 4 and 7.1."""
    assert set(feature) == {"type", "geometry", "properties"}  # 7.1, and no "crs" (4)
    assert feature["type"] == "Feature"
    assert isinstance(feature["properties"], dict)
    geometry = feature["geometry"]
    if geometry is None:  # 3.2: unlocated
        return
    assert set(geometry) == {"type", "coordinates"}
    assert geometry["type"] == "Point"
    longitude_deg, latitude_deg = geometry["coordinates"]
    for value, limit in ((longitude_deg, 180), (latitude_deg, 90)):
        assert isinstance(value, float)
        assert abs(value) <= limit
        assert value == round(value, 7)
        assert not (value == 0 and math.copysign(1, value) < 0)


def _strict(line: str):
    return json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def _lines(directory):
    text = (directory.path / "cracks.geojsonl").read_text()
    assert text == "" or text.endswith("\n")
    return [_strict(line) for line in text.splitlines()]


def test_a_line_says_what_was_seen_when_and_where(directory, make_observation):
    """One feature holds place, time, motion, measure and the names of its pictures."""
    sink = GeoJsonSink(directory, run_id="r1")
    sink.write(make_observation(3, name="IMG_3.jpg"))
    sink.sync()
    sink.close()

    [feature] = _lines(directory)
    check_feature(feature)
    assert feature["geometry"] == {"type": "Point", "coordinates": [12.3712345, 51.3401234]}
    properties = feature["properties"]
    assert set(properties) == PROPERTIES | {"run_id", "name"}
    measured = {key: properties.pop(key) for key in ("area_px", "area_share")}
    assert measured["area_share"] == pytest.approx(measured["area_px"] / (96 * 64), abs=1e-8)
    assert properties == {
        "run_id": "r1", "frame": 3, "name": "IMG_3.jpg", "t_utc": "2026-03-20T09:46:40.123Z",
        "media_time_s": 0.12, "position_quality": "interpolated", "alt_msl_m": 112.5,
        "heading_deg": 271.25, "speed_mps": 13.9, "hdop": 0.9, "crack_count": 1,
        "road_share": None, "area_share_of_road": None,
        "peak_probability": 0.875, "model": "0" * 64,
        "mask": "masks/00000003.png", "picture": "frames/00000003.jpg",
    }  # fmt: skip


def test_numbers_have_the_digits_that_they_can_hold(directory, make_observation):
    """A centimetre of place and height, a hundredth of a degree, a millimetre a second."""
    pose = Fix(0, 51.123456789, 12.987654321, 112.56789, 271.23456, 13.98765, 0.98765)
    sink = GeoJsonSink(directory)
    sink.write(make_observation(3, pose=pose))
    sink.sync()
    sink.close()
    [feature] = _lines(directory)
    assert feature["geometry"]["coordinates"] == [12.9876543, 51.1234568]
    keys = ("alt_msl_m", "heading_deg", "speed_mps", "hdop")
    assert [feature["properties"][key] for key in keys] == [112.57, 271.23, 13.988, 0.99]


def test_what_is_unknown_is_null(directory, make_observation):
    """No place gives null geometry, no time null time, no kept picture a null name."""
    sink = GeoJsonSink(directory, frames=False)
    sink.write(make_observation(0, pose=None, captured_ns=None))
    sink.write(without_pictures(make_observation(1)))
    sink.sync()
    sink.close()

    unplaced, lagging = _lines(directory)
    assert unplaced["geometry"] is None
    known = {key for key, value in unplaced["properties"].items() if value is not None}
    assert known == PROPERTIES - {
        "t_utc", "alt_msl_m", "heading_deg", "speed_mps", "hdop", "picture",
        "road_share", "area_share_of_road",
    }  # fmt: skip
    assert unplaced["properties"]["position_quality"] == "none"
    assert lagging["geometry"] is not None
    assert (lagging["properties"]["mask"], lagging["properties"]["picture"]) == (None, None)


def test_a_frame_without_crack_has_no_line(directory, make_observation):
    """The file lists cracks, not frames."""
    sink = GeoJsonSink(directory)
    sink.write(make_observation(0, has_crack=False))
    sink.sync()
    sink.close()

    assert _lines(directory) == []


def test_lines_appear_with_the_sync_and_are_only_appended(directory, make_observation):
    """What was there stays, byte for byte; what was never synced never appears."""
    sink, path = GeoJsonSink(directory), directory.path / "cracks.geojsonl"
    sink.write(make_observation(0))
    assert path.read_bytes() == b""
    sink.sync()
    first = path.read_bytes()
    sink.write(make_observation(1))
    sink.sync()
    sink.write(make_observation(2))
    sink.close()
    sink.close()

    assert path.read_bytes().startswith(first)
    assert [line["properties"]["frame"] for line in _lines(directory)] == [0, 1]


def test_an_existing_file_is_never_touched(directory):
    """Even past the run folder's own check, records are not overwritten."""
    (directory.path / "cracks.geojsonl").write_text("precious\n")

    with pytest.raises(SinkError, match=r"cracks\.geojsonl"):
        GeoJsonSink(directory)

    assert (directory.path / "cracks.geojsonl").read_text() == "precious\n"


def test_synced_lines_outlive_a_power_cut(make_observation):
    """Each sync makes all lines so far durable, with the file's name and without any picture."""
    disk = MemoryDisk()
    sink = GeoJsonSink(RunFolder.create(Path("/run"), disk))
    for index in range(3):
        sink.write(make_observation(index))
        sink.sync()
        left = disk.after_power_cut(Random(0), Unsynced.LOST).files()[LINES]

        assert left == disk.files()[LINES]
        assert left.count(b"\n") == index + 1


@pytest.mark.parametrize("fitting", [0, 2])
def test_a_full_disk_takes_only_whole_lines(make_observation, fitting):
    """The lines that fit are kept and durable, the next one is left out as a whole."""
    disk = MemoryDisk()
    sink = GeoJsonSink(RunFolder.create(Path("/run"), disk))
    sink.write(make_observation(0))
    sink.sync()
    for index in range(1, 5):
        sink.write(make_observation(index))
    disk.room_bytes = len(disk.files()[LINES]) * (2 * (1 + fitting) + 1) // 2
    with pytest.raises(SinkError, match=r"cracks\.geojsonl"):
        sink.sync()

    left = disk.after_power_cut(Random(0), Unsynced.LOST).files()[LINES]
    assert left == disk.files()[LINES]
    assert left.endswith(b"\n")
    frames = [json.loads(line)["properties"]["frame"] for line in left.splitlines()]
    assert frames == list(range(1 + fitting))


finite = st.floats(allow_nan=False, allow_infinity=False)


@settings(deadline=None)
@given(
    pose=st.none()
    | st.builds(
        Fix,
        st.just(0),
        st.floats(-90, 90) | st.just(-0.0),
        st.floats(-180, 180) | st.just(-0.0),
        *[st.none() | finite] * 4,
    ),
    name=st.text(),
    captured_ns=st.none() | st.integers(0, 4_000_000_000_000_000_000),
)
def test_every_feature_is_valid(make_observation, pose, name, captured_ns):
    """Whatever is known of a frame and however it is called, its line is one valid Feature."""
    observation = make_observation(0, pose=pose, name=name, captured_ns=captured_ns)
    line = json.dumps(to_feature(observation, frames=True), allow_nan=False)

    check_feature(_strict(line))
    assert "\n" not in line


def test_a_line_tells_the_share_of_the_road(make_observation):
    """The share of road in the region, and that of cracks on the road, both 0 to 1."""
    seen = make_observation(3)
    measure = replace(seen.measure, area_share=0.125, road_share=0.5)
    on_road = replace(seen, detection=replace(seen.detection, measure=measure))
    properties = to_feature(on_road, frames=True)["properties"]
    assert (properties["road_share"], properties["area_share_of_road"]) == (0.5, 0.25)
