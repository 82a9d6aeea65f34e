"""Whole surveys and videos on a Jetson that is stood in for; see test_jetson."""

import json
import subprocess
import sys
from contextlib import closing

import cv2
import numpy as np
import pytest

from edgecrack.sources import SourceSpec, open_source

PROGRAM = "tests.edgecrack.gst.jetson.program"
BY_STAND_IN = b"sliced_threads=1"  # x264 writes its settings into the video: those of the stand-in
WRITE = """
import sys
from pathlib import Path
import numpy as np
from edgecrack.gst.writer import VideoWriter
from tests.edgecrack.gst.jetson.releases import install

install(sys.argv[1])
video = VideoWriter(Path(sys.argv[2]), 320, 180, 25.0, in_hardware=sys.argv[3] == "yes")
for number in range(50):
    picture = np.full((180, 320, 3), (240, 20, 20), np.uint8)
    picture[:, 5 * number : 5 * number + 40] = 255
    video.write(picture, number * 40_000_000)
video.close()
"""


@pytest.mark.parametrize(
    ("release", "in_hardware", "is_by_stand_in"),
    [
        ("l4t36", "yes", True),
        ("l4t39", "yes", True),
        ("l4t36+nano", "yes", False),
        ("l4t36-nvvidconv", "yes", False),
        ("l4t36", "no", False),
    ],
)
def test_a_video_is_encoded_by_the_unit_that_is_there(
    environment, tmp_path, release, in_hardware, is_by_stand_in
):
    """An Orin Nano has none, though its element is installed: x264 takes its place."""
    path = tmp_path / "a.mp4"
    program = [sys.executable, "-c", WRITE, release, path, in_hardware]
    subprocess.run(program, env=environment, check=True, timeout=60, stderr=subprocess.DEVNULL)
    assert (BY_STAND_IN in path.read_bytes()) is is_by_stand_in
    with closing(open_source(SourceSpec(address=str(path)), [(320, 180)])) as source:
        pictures = [frame.evidence for frame in source]
    assert len(pictures) == 50
    assert np.abs(pictures[-1][90, 20].astype(int) - (240, 20, 20)).max() < 16


@pytest.fixture(scope="module")
def surveys(command, drive, tiny_bundle, tmp_path_factory):
    """Return how surveys of the small drive ended on a Jetson, by what was to decode."""
    folder, ended = tmp_path_factory.mktemp("jetson"), {}
    for wanted in ("auto", "software"):
        options = ("--model", tiny_bundle, "--all-masks", "--overlay", "--json")
        ended[wanted] = command(
            "l4t36", "run", drive.video, "--out", folder / wanted, "--decoder", wanted, *options,
            "--region", "40,60,400,200", package=PROGRAM,
        )  # fmt: skip
        assert ended[wanted].code == 0, ended[wanted].stderr
    return ended, folder


@pytest.mark.parametrize(
    ("wanted", "said"),
    [
        ("auto", "hardware: nvv4l2decoder, nvvidconv (found here)"),
        ("software", "software: avdec_h264 (asked for)"),
    ],
)
def test_a_survey_says_what_decodes(surveys, wanted, said):
    """At its start, in its report, and in run.json."""
    ended, folder = surveys
    assert f"decoder: {said}\n" in ended[wanted].stderr
    assert ended[wanted].json["decoder"] == said
    source = json.loads((folder / wanted / "run.json").read_text())["source"]
    assert f"{source['decoder']} ({source['decoder_choice']})" == said


def test_a_survey_says_once_that_the_hardware_refuses(command, drive, tiny_bundle, tmp_path):
    """On stderr, in its report, and in run.json; and it is not the end of the unit's service."""
    out = tmp_path / "run"
    ended = command(
        "l4t36+locked", "run", drive.video, "--out", out, "--model", tiny_bundle, "--json",
        package=PROGRAM,
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    why = "nvv4l2decoder refuses it: Cannot identify device '/dev/v4l2-nvdec'"
    assert ended.stderr.count("refuses") == 1
    assert f"decoder: software: avdec_h264 ({why})\n" in ended.stderr
    assert ended.json["decoder"] == f"software: avdec_h264 ({why})"
    source = json.loads((out / "run.json").read_text())["source"]
    assert (source["decoder"], source["decoder_choice"]) == ("software: avdec_h264", why)


def test_masks_lie_where_those_of_the_processor_lie(surveys):
    """The same cracks at the same places, and pictures of the same sizes."""
    _, folder = surveys
    names = sorted(path.name for path in (folder / "software" / "masks").iterdir())
    assert names == sorted(path.name for path in (folder / "auto" / "masks").iterdir())
    hardware, software = (
        np.array([cv2.imread(str(folder / way / "masks" / name), 0) > 0 for name in names])
        for way in ("auto", "software")
    )
    assert hardware.shape == software.shape
    assert software.any()
    assert (hardware & software).sum() > 0.9 * (hardware | software).sum()


def test_the_overlay_is_the_units_work_unless_told_otherwise(surveys):
    """Whoever wants none of the hardware gets none of it."""
    _, folder = surveys
    for wanted in ("auto", "software"):
        video = (folder / wanted / "overlay.mp4").read_bytes()
        assert (BY_STAND_IN in video) is (wanted == "auto")


def test_elsewhere_nothing_is_said_of_what_decodes(surveyed):
    """Where there is no choice, run.json alone says it."""
    ended, out = surveyed
    assert "decoder" not in ended.stderr
    assert json.loads((out / "run.json").read_text())["source"]["decoder"] == "software: avdec_h264"
