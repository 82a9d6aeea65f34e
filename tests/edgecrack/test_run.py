"""Whole runs by the real program: what they leave behind, and how they end."""

import json
import os
import pty
import signal
import subprocess
import sys
import time
from datetime import datetime, timezone

import cv2
import numpy as np
import pytest

from edgecrack.config import RunConfig
from edgecrack.meter import STAGES
from edgecrack.output import FILE_BYTES
from edgecrack.positions import PositionSpec
from edgecrack.run import run
from edgecrack.segmenters import ModelSpec
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec
from edgecrack.synthetic.drive import DriveSpec, drive_fixes
from edgecrack.synthetic.position_log import nmea
from edgecrack.utc import to_iso

FRAMES = 12  # of the small drive
NUMBERS = [f"{index:08d}" for index in range(FRAMES)]
ENDLESS = "test:?width=320&height=240&frames=1000000"


def read_json(path):
    """Return the JSON in a file."""
    return json.loads(path.read_text())


def plane(path):
    """Return a mask."""
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_every_frame_of_a_clip_is_surveyed(surveyed, whole, features):
    """All frames in, all inferred, none dropped, and a mask and a picture for each of them."""
    ended, out = surveyed
    report = ended.json
    assert report["frames_in"] == report["frames_inferred"] == report["frames_out"] == FRAMES
    assert set(report["frames_dropped"].values()) == {0}
    assert whole(out) == FRAMES
    for folder, ending in (("masks", "png"), ("frames", "jpg")):
        assert sorted(path.name for path in (out / folder).iterdir()) == [
            f"{number}.{ending}" for number in NUMBERS
        ]
    assert len(features(out)) == report["frames_with_crack"] > 0
    assert {path.shape for path in map(plane, (out / "masks").iterdir())} == {(270, 480)}


def test_a_report_says_what_it_took_and_on_what(surveyed):
    """What is printed is what is kept: rates, stages, backend, precision, model and machine."""
    ended, out = surveyed
    report = read_json(out / "report.json")
    assert ended.json == {"out": str(out), **report}
    assert set(report["stages"]) == set(STAGES)
    assert report["stages"]["infer"]["count"] == FRAMES - report["warm_up_frames"]
    assert report["fps_out"] > 0
    sums = sum(stage["core_ms"] for stage in report["stages"].values())
    assert report["core_ms_per_frame"] == pytest.approx(sums, abs=0.01)
    assert 0 < report["overhead_core_ms"] < report["core_ms_per_frame"]
    assert report["backend"].startswith(("ONNX Runtime", "OpenVINO"))
    assert report["backend_choice"]
    assert report["precision"] in {"fp32", "bf16", "fp16"}
    assert report["model_macs"] == 1_953_792
    assert report["device"]["cores"] == len(os.sched_getaffinity(0))
    assert 0 < report["mean_crack_share"] < 1


def test_a_record_says_what_ran_and_under_which_terms(surveyed, drive, tiny):
    """Model, terms of its weights, configuration, region, times and the reason of the end."""
    _, out = surveyed
    record = read_json(out / "run.json")
    assert record["exit_reason"] == "end of source"
    assert record["model"]["sha256"] == tiny.sha256
    assert record["model"]["licence"] == "for tests"
    assert record["model"]["data_terms"] == ["nothing: no terms"]
    assert record["region"] == {"x_px": 0, "y_px": 0, "width_px": 480, "height_px": 270}
    borders = {"left_px": 0, "top_px": 5, "right_px": 0, "bottom_px": 5}
    assert record["input"] == {"width_px": 96, "height_px": 64, "scale": 0.2, "borders": borders}
    assert record["first_utc"] == to_iso(drive.start_ns)
    assert record["last_utc"] == to_iso(drive.start_ns + drive.spec.pts_ns(FRAMES - 1))
    assert record["fixes"]["read"]["fixes"] == len(drive.fixes)
    assert record["config"]["output"]["all_masks"] is True


def test_exiftool_finds_each_picture_on_the_drive(surveyed, drive, features):
    """Masks and frames carry the place where the receiver was at their time."""
    _, out = surveyed
    numbers = (0, 5, 6, 11)
    files = [
        f"{out}/{kind}" for n in numbers for kind in (f"masks/{n:08d}.png", f"frames/{n:08d}.jpg")
    ]
    command = ["exiftool", "-n", "-json", *files]
    read = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    lines = {line["properties"]["frame"]: line for line in features(out)}
    assert set(lines) & set(numbers)
    times = [fix.time_ns - drive.start_ns for fix in drive.fixes]
    ways = [[fix.lat_deg for fix in drive.fixes], [fix.lon_deg for fix in drive.fixes]]
    for number, tags in zip(np.repeat(numbers, 2).tolist(), read, strict=True):
        here = [float(np.interp(drive.spec.pts_ns(number), times, way)) for way in ways]
        assert [tags["GPSLatitude"], tags["GPSLongitude"]] == pytest.approx(here, abs=1e-6)
        assert tags["GPSDateStamp"].replace(":", "-") == to_iso(drive.start_ns)[:10]
        if number in lines:
            assert lines[number]["geometry"]["coordinates"][::-1] == pytest.approx(here, abs=1e-6)


@pytest.mark.slow
def test_the_same_input_gives_the_same_output(surveyed, survey, tmp_path):
    """A file is surveyed the same way twice: every mask and every line, but for the run's id."""
    _, first = surveyed
    config = read_json(first / "run.json")["config"]
    source, position = config["source"], config["position"]
    again = tmp_path / "again"
    ended = survey(
        source["address"], again, "--all-masks", "--position", position["address"],
        "--video-start", source["start"],
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    masks = [
        {path.name: path.read_bytes() for path in (out / "masks").iterdir()}
        for out in (first, again)
    ]
    assert masks[0] == masks[1]
    lines = [
        (out / "cracks.geojsonl").read_text().replace(read_json(out / "run.json")["run_id"], "")
        for out in (first, again)
    ]
    assert lines[0] == lines[1]


@pytest.mark.slow
def test_a_directory_of_pictures_is_surveyed_and_placed(
    survey, drive, frames, tmp_path, whole, features
):
    """Pictures at one a second: each a frame with its name and its place."""
    folder = tmp_path / "views"
    folder.mkdir()
    names = ["APFD_1.jpg", "APFD_2.jpg", "APFD_10.jpg"]
    for name, frame in zip(names, frames, strict=False):
        cv2.imwrite(str(folder / name), frame.picture[..., ::-1])
    out = tmp_path / "out"
    ended = survey(
        folder, out, "--rate", 1, "--position", drive.positions,
        "--video-start", to_iso(drive.start_ns),
    )  # fmt: skip
    assert ended.code == 0, ended.stderr
    assert ended.json["frames_in"] == ended.json["frames_inferred"] == 3
    assert whole(out) == ended.json["frames_with_crack"]
    lines = features(out)
    assert [line["properties"]["name"] for line in lines] == names
    assert [line["properties"]["media_time_s"] for line in lines] == [0, 1, 2]
    assert all(line["geometry"] for line in lines)


@pytest.mark.slow
def test_options_say_what_is_kept(survey, tmp_path, features):
    """A region is where marks are, an overlay is a video, and no pictures are none."""
    out, region = tmp_path / "out", "100,60,160,120"
    options = ("--region", region, "--overlay", "--no-frames", "--all-masks")
    ended = survey("test:?width=320&height=240&frames=20", out, *options)
    assert ended.code == 0, ended.stderr
    masks = [plane(path) for path in sorted((out / "masks").iterdir())]
    assert len(masks) == 20
    assert any(mask[60:180, 100:260].any() for mask in masks)
    for mask in masks:
        mask[60:180, 100:260] = 0
        assert not mask.any()
    assert read_json(out / "run.json")["region"]["x_px"] == 100
    assert not (out / "frames").exists()
    assert all(line["properties"]["picture"] is None for line in features(out))
    video = cv2.VideoCapture(str(out / "overlay.mp4"))
    seen = 0
    while video.read()[0]:
        seen += 1
    assert seen == 20


@pytest.mark.slow
def test_little_crack_is_none(survey, tmp_path, features):
    """Below the smallest share a frame leaves neither mask nor line, but is counted."""
    out = tmp_path / "out"
    ended = survey("test:?width=320&height=240&frames=9", out, "--min-crack-share", 1)
    assert ended.json["frames_out"] == 9
    assert ended.json["frames_with_crack"] == 0
    assert features(out) == []
    assert list((out / "masks").iterdir()) == []


@pytest.mark.slow
def test_live_every_frame_is_inferred_or_counted_as_dropped(survey, tmp_path):
    """240 pictures a second are too many for most machines; what is lost is known to the frame."""
    source = "test:?width=1280&height=720&fps=240&frames=120"
    ended = survey(source, tmp_path / "out", "--live", "--all-masks")
    assert ended.code == 0, ended.stderr
    report = ended.json
    assert report["frames_at_once"] == 1
    dropped = report["frames_dropped"]["source"] + report["frames_dropped"]["opening"]
    assert report["frames_in"] == report["frames_inferred"] + dropped
    assert 0 < report["frames_in"] <= 120
    kept = len(list((tmp_path / "out" / "masks").iterdir()))
    assert kept == report["frames_out"] - report["frames_dropped"]["output"]
    assert report["frames_out"] == report["frames_inferred"]


def rmc(at_s):
    """Return the NMEA sentence of a receiver that drives north, at a second of UTC."""
    at = datetime.fromtimestamp(at_s, timezone.utc)
    minutes = 20 + (at_s % 3600) * 0.006  # 11 m/s
    text = f"GPRMC,{at:%H%M%S}.00,A,51{minutes:07.4f},N,01222.0000,E,21.6,0.0,{at:%d%m%y},,,A"
    check = 0
    for letter in text:
        check ^= ord(letter)
    return f"${text}*{check:02X}\r\n".encode()


@pytest.mark.slow
def test_a_receiver_places_what_a_camera_sees(begin, until, tmp_path, features):
    """Live, each frame waits for the fix behind it, and has its place in its line."""
    receiver, port = pty.openpty()
    out = tmp_path / "out"
    source = "test:?width=320&height=240&fps=20&frames=60"
    child = begin(source, out, "--live", "--position", f"serial://{os.ttyname(port)}")
    until((out / "run.json").exists, child)  # the receiver is open now
    now_s = int(time.time())
    os.write(receiver, b"".join(map(rmc, range(now_s - 4, now_s + 36))))
    child.communicate(timeout=60)
    os.close(receiver)
    os.close(port)
    assert child.returncode == 0
    lines = features(out)
    assert len(lines) > 1  # live, a slow machine sees few
    assert all(line["geometry"] for line in lines)
    north = [line["geometry"]["coordinates"][1] for line in lines]
    assert north == sorted(north)
    assert read_json(out / "run.json")["fixes"]["kept"] > 30


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_a_run_in_order(begin, until, tmp_path, whole, number):
    """After Ctrl-C the report is written, what was begun is whole, and the exit code is 130."""
    out = tmp_path / "out"
    child = begin(ENDLESS, out, "--all-masks", "--overlay")
    until(lambda: any((out / "masks").glob("*")), child)
    child.send_signal(number)
    stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    assert stderr == ""
    report = json.loads(stdout)
    assert report == {"out": str(out), **read_json(out / "report.json")}
    assert read_json(out / "run.json")["exit_reason"] == "interrupted"
    assert whole(out) == report["frames_out"] == report["frames_inferred"] > 0
    unfinished = report["frames_dropped"]["unfinished"]
    assert report["frames_in"] == report["frames_inferred"] + unfinished
    assert unfinished <= 1
    assert cv2.VideoCapture(str(out / "overlay.mp4")).read()[0]


@pytest.mark.slow
@pytest.mark.parametrize("options", [[], ["--overlay"]], ids=["pictures", "overlay"])
def test_a_full_disk_ends_a_run_with_what_fitted(
    environment, tiny_bundle, tmp_path, whole, options
):
    """Exit 74 and one sentence; every file is whole, the last two are there and say why."""
    disk, left = tmp_path / "disk", tmp_path / "left"
    disk.mkdir()
    program = [sys.executable, "-m", "edgecrack", "run", ENDLESS, "--all-masks", *options]
    program += ["--model", tiny_bundle, "--out", disk / "run"]
    script = (
        'mount -t tmpfs -o size=2m none "$1" || exit 99; shift; "$@"; code=$?; '
        f'cp -a "{disk}/run" "{left}"; exit $code'
    )
    namespace = "-m" if os.geteuid() == 0 else "-Urm"
    command = ["unshare", namespace, "sh", "-c", script, "sh", disk, *program]
    done = subprocess.run(
        list(map(str, command)), env=environment, capture_output=True, text=True, timeout=100,
        check=False,
    )  # fmt: skip
    assert done.returncode == 74, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert "No space left on device" in done.stderr
    assert whole(left) > 5
    assert read_json(left / "run.json")["exit_reason"] in done.stderr
    assert read_json(left / "report.json")["frames_out"] > 5


def test_the_reading_of_a_position_log_is_told_before_the_frames(tiny_bundle, tmp_path):
    """What takes long before the first frame has its progress too."""
    log, told = tmp_path / "drive.nmea", []
    spec = DriveSpec(seconds=2.0)
    log.write_text(nmea(drive_fixes(spec)))
    config = RunConfig(
        source=SourceSpec(address="test:?width=64&height=36&frames=3", start=to_iso(spec.start_ns)),
        position=PositionSpec(address=str(log)),
        model=ModelSpec(bundle=tiny_bundle),
        output=OutputSpec(folder=tmp_path / "out"),
    )
    run(config, on_progress=lambda *progress: told.append(progress))
    assert told[0] == ("% of the position log", 100, 100)
    assert told[-1] == ("frames", 3, 3)


@pytest.mark.slow
def test_a_longer_run_takes_no_more_memory(tiny_bundle, tmp_path):
    """From the hundredth frame to the six hundredth it grows at most by what waits for the disk.

    Of each of the 500 frames a mask alone would be 230 kB, 115 MB of them all.
    """
    sizes = {}

    def remember(what, seen, _total):
        if what == "frames" and seen in {100, 600}:
            with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  no object kept
                sizes[seen] = int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")

    config = RunConfig(
        source=SourceSpec(address="test:?width=640&height=360&frames=600"),
        model=ModelSpec(bundle=tiny_bundle),
        output=OutputSpec(folder=tmp_path / "out", all_masks=True),
    )
    outcome = run(config, on_progress=remember)
    assert outcome.report.frames_out == 600
    assert sizes[600] - sizes[100] < FILE_BYTES + 8_000_000
