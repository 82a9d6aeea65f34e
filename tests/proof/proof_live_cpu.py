"""Ten minutes of a camera of 1080p at 30 Hz on a processor: none dropped, none late, memory flat.

A synthetic road of ten seconds is encoded once and repeated; edgecrack plays it in real time, with
the network on the lower half, and keeps a mask and a picture of every frame (3 GB for as long as
it runs). ``EDGECRACK_LIVE_MINUTES`` shortens a trial. The table is written before anything is
asserted, so that a miss names the stage that costs it.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from datetime import datetime, timezone
from itertools import chain, repeat
from pathlib import Path
from statistics import linear_regression

import cv2
import pytest

from edgecrack.synthetic.drive import DriveSpec, render_frames
from tests.benchmarks.side_by_side.coded_clip import encoded, write_mp4
from tests.benchmarks.side_by_side.table import markdown

CHECKOUT = Path(__file__).resolve().parents[2]
TABLE = CHECKOUT / "tests" / "proof" / "live_cpu.md"
MINUTES = float(os.environ.get("EDGECRACK_LIVE_MINUTES", "10"))
FPS, KBPS = 30, 8000
ROAD = DriveSpec(width_px=1920, height_px=1080, fps=FPS, seconds=10)
TIMES = max(1, round(MINUTES * 60 / ROAD.seconds))
REGION = "0,540,1920,540"
OPTIONS = ("--live", "--region", REGION, "--all-masks")
WARM_UP = 5  # results that the report leaves out, too
MOST_AGE_MS = 100
MOST_GROWTH_BYTES, SETTLED_S = 20_000_000, 60


def resident_bytes(pid):
    """Return the memory a process holds now."""
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """The road as an MP4 of as many minutes."""
    frames = (cv2.cvtColor(frame.picture, cv2.COLOR_RGB2BGR) for frame in render_frames(ROAD))
    pictures = list(encoded(frames, FPS, KBPS))
    path = tmp_path_factory.mktemp("camera") / "road.mp4"
    write_mp4(chain.from_iterable(repeat(pictures, TIMES)), FPS, path)
    yield path
    path.unlink()


def survey(clip, folder, environment):
    """Run edgecrack over the clip; return its results, and its memory second by second."""
    command = [sys.executable, "-m", "edgecrack", "run", str(clip), *OPTIONS]
    sizes, began_s = [], time.monotonic()
    with (folder / "said").open("w+") as said:
        child = subprocess.Popen(
            [*command, "--out", str(folder / "out")],
            env=environment, stdout=subprocess.DEVNULL, stderr=said, cwd=CHECKOUT,
        )  # fmt: skip
        while child.poll() is None:
            sizes.append((time.monotonic() - began_s, resident_bytes(child.pid)))
            with suppress(subprocess.TimeoutExpired):
                child.wait(timeout=1)
        assert child.returncode == 0, Path(said.name).read_text()
    return folder / "out", sizes


def dropped(out, frames_in):
    """Count the frames without a mask, up to the sixth mask and after it."""
    numbers = sorted(int(path.stem) for path in (out / "masks").iterdir())
    first, kept = numbers[WARM_UP], len(numbers) - WARM_UP
    return first - WARM_UP, frames_in - first - kept


def growth(sizes):
    """Return bytes a minute, and from the least to the most, once the run has settled."""
    settled_s = min(SETTLED_S, sizes[-1][0] / 4)
    settled = [(at_s, held) for at_s, held in sizes if settled_s < at_s < sizes[-1][0] - 1]
    times_s, held = zip(*settled, strict=True)
    return linear_regression(times_s, held).slope * 60, max(held) - held[0]


def stage_table(report):
    """Return what each stage took."""
    keys = ("p50_ms", "p95_ms", "p99_ms", "max_ms")
    rows = [
        (name, *(f"{stage[key]:.1f}" for key in keys), f"{stage['core_ms']:.1f}")
        for name, stage in report["stages"].items()
    ]
    ages, total = report["capture_to_result_ms"], report["core_ms_per_frame"]
    rows.append(("capture to result", *(f"{ages[key]:.1f}" for key in keys), f"{total:.1f}"))
    return markdown(("stage", "p50 ms", "p95 ms", "p99 ms", "max ms", "core-ms a frame"), rows)


def page(report, at_start, later, sizes):
    """Return the whole page."""
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=CHECKOUT, capture_output=True, text=True, check=True,
    ).stdout.strip()  # fmt: skip
    device, size = report["device"], report["input"]
    slope, grown = growth(sizes)
    rows = [
        ("ran", f"{report['wall_s']:.0f} s"),
        ("frames in", f"{report['frames_in']}"),
        ("frames with a result", f"{report['frames_inferred']}"),
        ("frames dropped up to the sixth result, while the network is loaded", f"{at_start}"),
        ("frames dropped after it", f"{later}"),
        ("frames with a crack", f"{report['frames_with_crack']}"),
        ("rate of results", f"{report['fps_out']:.2f} FPS"),
        ("share of the cores", f"{report['core_ms_per_frame'] * FPS / 10 / device['cores']:.0f} %"),
        ("peak memory", f"{report['peak_memory_bytes'] / 1e6:.0f} MB"),
        ("memory, slope once settled", f"{slope / 1e6:+.2f} MB a minute"),
        ("memory, most above where it settled", f"{grown / 1e6:.1f} MB"),
    ]
    return (
        f"# Live on a processor: 1920x1080 at {FPS} Hz\n\n"
        f"{datetime.now(timezone.utc):%Y-%m-%d}, {device['processor']}, {device['cores']} cores, "
        f"{device['system']}; commit {commit}; `tests/proof/proof_live_cpu.py`, which `make proof` "
        "runs.\n\n"
        f"A synthetic road, H.264 of {KBPS / 1000:.0f} Mbit/s, played in real time: "
        f"`edgecrack run road.mp4 {' '.join(OPTIONS)}`; {report['backend']}, "
        f"{report['precision']}, {size['width_px']}x{size['height_px']}.\n\n"
        f"{markdown(('figure', 'value'), rows)}\n{stage_table(report)}"
    )


def test_thirty_frames_a_second_are_all_answered_in_time(clip, environment, tmp_path, capsys):
    """Once it runs no frame is dropped, p99 of the age is below 100 ms, and memory is flat."""
    out, sizes = survey(clip, tmp_path, environment)
    report = json.loads((out / "report.json").read_text())
    at_start, later = dropped(out, report["frames_in"])
    shutil.rmtree(out)
    text = page(report, at_start, later, sizes)
    TABLE.write_text(text, encoding="utf-8")
    with capsys.disabled():
        sys.stdout.write(f"\n{text}\n")
    assert report["frames_in"] == TIMES * ROAD.frame_count
    assert report["frames_dropped"]["output"] == 0
    assert later == 0
    assert report["capture_to_result_ms"]["p99_ms"] < MOST_AGE_MS
    assert growth(sizes)[1] < MOST_GROWTH_BYTES
