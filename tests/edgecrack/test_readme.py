"""What README.md says of Python and of records, word by word."""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from edgecrack.records import Fix, Observation, Placement, PositionQuality
from edgecrack.sinks.geojson import to_feature
from edgecrack.synthetic.drive import DriveSpec, write_drive
from edgecrack.utc import utc_ns
from tests.edgecrack.survey_parts import frame, no_detection

README = (Path(__file__).resolve().parents[2] / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def example():
    """Return the one example in Python."""
    (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
    return code


@pytest.mark.slow
def test_the_python_example_runs(example, environment, tmp_path):
    """Run word by word, it prints each frame with cracks and writes a mask."""
    start = re.search(r'video_start="(.*?)"', example)[1]
    spec = DriveSpec(
        seed=3, seconds=1.2, fps=10, width_px=480, height_px=270, start_ns=utc_ns(start)
    )
    drive = write_drive(spec, tmp_path / "made")
    drive.video.rename(tmp_path / "drive.mp4")
    drive.positions.rename(tmp_path / "drive.gpx")
    cv2.imwrite(str(tmp_path / "road.jpg"), np.full((90, 120, 3), 128, np.uint8))
    done = subprocess.run(
        [sys.executable, "-c", example], cwd=tmp_path, env=environment,
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (0, "")
    *cracks, run = done.stdout.splitlines()
    folder, fps = run.split()
    lines = (tmp_path / folder / "cracks.geojsonl").read_text().splitlines()
    assert len(cracks) == len(lines) > 3
    assert all(crack.startswith("2026-05-01T12:00:0") for crack in cracks)
    assert float(fps) > 0
    assert cv2.imread(str(tmp_path / "mask.png"), cv2.IMREAD_UNCHANGED).shape == (90, 120)


def test_the_example_is_about_ten_lines(example):
    """It is short enough to be read."""
    assert len([line for line in example.splitlines() if line.strip()]) <= 10


def test_the_table_of_properties_is_what_a_record_holds():
    """Each property that a run writes is in the table, in that order, and no other."""
    table = README.partition("| property | what |\n|---|---|\n")[2].partition("\n\n")[0]
    listed = [
        name for row in table.splitlines() for name in re.findall(r"`(\w+)`", row.split("|")[1])
    ]
    seen = replace(frame(3, captured_ns=0), name="3.jpg")
    placed = Placement(PositionQuality.FIX, Fix(0, 50.0, 8.0))
    feature = to_feature(
        Observation(no_detection(seen), placed), frames=True, run_id="r", live=True
    )
    properties = feature["properties"]
    assert isinstance(properties, dict)
    assert listed == list(properties)
    qualities = next(row for row in table.splitlines() if "position_quality" in row)
    assert {quality.value for quality in PositionQuality} <= set(re.findall(r"`(\w+)`", qualities))


def test_the_readme_is_short():
    """It has fewer than 150 lines."""
    assert len(README.splitlines()) < 150
