"""Whole runs by the real program on a real clip, a real track and real photographs."""

import json
import subprocess
import xml.etree.ElementTree as ET
from datetime import datetime, timezone

import numpy as np
import pytest


@pytest.fixture(scope="module")
def motorway(survey, shared_data, tmp_path_factory):
    """Return how a survey of the motorway clip ended, and its folder."""
    out = tmp_path_factory.mktemp("motorway") / "out"
    ended = survey(
        shared_data / "video" / "motorway-540p-h264.mp4", out, "--all-masks",
        "--position", shared_data / "gps" / "car-leipzig.gpx",
        "--video-start", "1970-01-01T00:07:22Z",
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    return ended, out


@pytest.mark.real_data
def test_every_frame_of_the_motorway_is_surveyed(motorway, whole, features):
    """221 frames in, 221 inferred, none dropped, and a mask and a picture for each of them."""
    ended, out = motorway
    report = ended.json
    assert report["frames_in"] == report["frames_inferred"] == report["frames_out"] == 221
    assert set(report["frames_dropped"].values()) == {0}
    assert whole(out) == len(list((out / "frames").iterdir())) == 221
    assert len(features(out)) == report["frames_with_crack"] > 0


@pytest.mark.real_data
def test_a_record_says_when_the_motorway_was_driven(motorway):
    """First and last time, and the points of the track that was read."""
    _, out = motorway
    record = json.loads((out / "run.json").read_text())
    assert record["first_utc"] == "1970-01-01T00:07:22.000Z"
    assert record["last_utc"] == "1970-01-01T00:07:30.800Z"
    assert record["fixes"]["read"] == {"points": 264, "untimed": 0}


def on_the_drive(gpx, time_s):
    """Return latitude and longitude of a GPX track at a second, by plain interpolation."""
    space = "{http://www.topografix.com/GPX/1/1}"
    points = list(ET.parse(gpx).getroot().iter(f"{space}trkpt"))
    told = [
        datetime.fromisoformat(p.find(f"{space}time").text.replace("Z", "+00:00")) for p in points
    ]
    times = [time.astimezone(timezone.utc).timestamp() for time in told]
    lines = ([float(point.get(name)) for point in points] for name in ("lat", "lon"))
    return [float(np.interp(time_s, times, line)) for line in lines]


@pytest.mark.real_data
def test_exiftool_finds_each_picture_on_the_car_drive(motorway, shared_data, features):
    """Masks and frames carry the place where the GPX track was at their time."""
    _, out = motorway
    numbers = (0, 60, 110, 220)
    files = [
        f"{out}/{kind}" for n in numbers for kind in (f"masks/{n:08d}.png", f"frames/{n:08d}.jpg")
    ]
    command = ["exiftool", "-n", "-json", *files]
    read = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    lines = {line["properties"]["frame"]: line for line in features(out)}
    for number, tags in zip(np.repeat(numbers, 2).tolist(), read, strict=True):
        here = on_the_drive(shared_data / "gps" / "car-leipzig.gpx", 442 + number / 25)
        assert [tags["GPSLatitude"], tags["GPSLongitude"]] == pytest.approx(here, abs=1e-6)
        assert tags["GPSDateStamp"].replace(":", "-") == "1970-01-01"
        if number in lines:
            assert lines[number]["geometry"]["coordinates"][::-1] == pytest.approx(here, abs=1e-6)


@pytest.mark.real_data
def test_a_directory_of_photographs_is_surveyed_and_placed(
    survey, shared_data, tmp_path, whole, features
):
    """Forward views at one a second: each a frame with its name and its place."""
    folder = tmp_path / "views"
    folder.mkdir()
    views = sorted((shared_data / "nha12d" / "Asphalt_pavement_FD" / "Raw_images").iterdir())[:3]
    for view in views:
        (folder / view.name).symlink_to(view)
    out = tmp_path / "out"
    ended = survey(
        folder, out, "--rate", 1, "--position", shared_data / "gps" / "car-leipzig.gpx",
        "--video-start", "1970-01-01T00:07:22Z",
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    assert ended.json["frames_in"] == ended.json["frames_inferred"] == 3
    assert whole(out) == ended.json["frames_with_crack"]
    lines = features(out)
    assert [line["properties"]["name"] for line in lines] == [view.name for view in views]
    assert [line["properties"]["media_time_s"] for line in lines] == [0, 1, 2]
    assert all(line["geometry"] for line in lines)
