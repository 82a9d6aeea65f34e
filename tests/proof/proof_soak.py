"""A unit with everything on, an hour at 30 pictures a second: nothing grows, nothing slows down.

``EDGECRACK_SOAK_S`` says for how many seconds; an hour by default.
"""

import json
import os
import platform
import signal
import subprocess
import sys
import time
import urllib.request
from array import array
from contextlib import ExitStack
from datetime import datetime, timezone
from pathlib import Path
from statistics import median

import pytest

from edgecrack.records import Fix
from edgecrack.synthetic.position_log import nmea
from tests.edgecrack.real_gpsd import PlayedReceiver, gpsd_with
from tests.edgecrack.real_mosquitto import Listener, Mosquitto
from tests.edgecrack.rtsp_server import RtspServer, free_port

LASTS_S = float(os.environ.get("EDGECRACK_SOAK_S", "3600"))
WARM_UP_S, WINDOW_S, READ_EACH_S = min(300.0, LASTS_S / 6), min(300.0, LASTS_S / 6), 5.0
MOST_GROWTH_BYTES, MOST_SLOWING = 10_000_000, 1.2
FPS = 30
CAMERA = (
    "videotestsrc is-live=true pattern=circular ! video/x-raw,format=I420,width=1280,height=720,"
    f"framerate={FPS}/1 ! x264enc speed-preset=ultrafast tune=zerolatency key-int-max=30 ! "
    "rtph264pay name=pay0"
)
HEAD = """# An hour with everything on

{date}, {machine}, commit {commit}; `tests/proof/proof_soak.py`, which `make proof` runs.

`edgecrack run rtsp://... --position gpsd://... --model crack-n --size 480x288 --min-crack-share 0
--roll-minutes 2 --most-gb 0.2 --overwrite --stream rtsp://... --mqtt mqtt://... --health ...`
for {lasts_s:.0f} s: a camera of 1280x720 at {fps} pictures a second over RTSP, the real gpsd, the
real Mosquitto with a listener, somebody who watches the stream; every frame is a record with mask
and picture. {backend}, {precision}.

| | |
|---|--:|
| frames in, inferred, out | {frames_in:,}, {frames_inferred:,}, {frames_out:,} |
| dropped, by cause | {dropped} |
| not explained | {unexplained} |
| frames a second | {fps_out:.2f} |
| capture to result, p50, p99, first {window_s:.0f} s | {first_p50:.1f}, {first_p99:.1f} ms |
| the same of the last {window_s:.0f} s | {last_p50:.1f}, {last_p99:.1f} ms |
| resident memory after warm-up, at the end | {rss_first:.1f}, {rss_last:.1f} MB |
| resident memory, a reading for each tenth of the time | {rss_tenths} MB |
| open descriptors, after warm-up and at the end | {fds} |
| threads | {threads} |
| segments, sealed, deleted for room | {segments} |
| records: written, told to the broker, arrived once | {records} |
| written to disk for a frame | {per_frame:,.0f} bytes |
| processor time for a frame | {core_ms:.1f} core-ms |
"""


def now():
    """Yield what a receiver sends of the present, driving north at 11 m/s."""
    while True:
        at_ns = time.time_ns() // 10**8 * 10**8
        yield nmea([Fix(at_ns, 50 + at_ns % 10**13 * 1e-13, 8.0, 100.0, 0.0, 11.0, 0.8)]).encode()


@pytest.mark.timeout(LASTS_S + 300)
def test_nothing_grows_and_nothing_slows_down(tmp_path, environment, capsys):
    """Memory, descriptors and threads stay, results are as young at the end as at the beginning."""
    with ExitStack() as stack:
        gpsd = stack.enter_context(gpsd_with(tmp_path, PlayedReceiver(now(), 0.2)))
        broker = Mosquitto(tmp_path)
        stack.callback(broker.kill)
        listener = Listener(broker.port)
        stack.callback(listener.close)
        camera = stack.enter_context(RtspServer(free_port(), CAMERA))
        ports = {name: free_port() for name in ("health", "stream")}
        options = [
            "--position", str(gpsd.address), "--standstill", "infer",
            "--model", "crack-n", "--size", "480x288", "--min-crack-share", "0",
            "--runs-folder", tmp_path / "runs", "--roll-minutes", "2", "--most-gb", "0.2",
            "--keep-free-mb", "0", "--overwrite", "--json",
            "--stream", f"rtsp://127.0.0.1:{ports['stream']}/live",
            "--mqtt", f"mqtt://127.0.0.1:{broker.port}", "--outbox", tmp_path / "outbox.db",
            "--health", f"127.0.0.1:{ports['health']}",
        ]  # fmt: skip
        unit = start(tmp_path, environment, camera.url, options)
        stack.callback(unit.kill)
        readings = watch(unit, ports, stack)
        unit.send_signal(signal.SIGTERM)
        stdout, _ = unit.communicate(timeout=60)
        assert unit.returncode == 130
    report = json.loads(stdout)
    ages = array("d", (tmp_path / "ages").read_bytes())
    write(report, readings, list(zip(ages[::2], ages[1::2], strict=True)), listener, capsys)


def start(folder, environment, source, options) -> subprocess.Popen[str]:
    """Start the unit; what it says goes to a file."""
    module = [sys.executable, "-m", "tests.proof.soak_unit", folder / "ages", "run", source]
    with (folder / "stderr").open("w") as stderr:
        return subprocess.Popen(
            [str(word) for word in [*module, *options]],
            env={**environment, "MALLOC_ARENA_MAX": "2"},  # as its service has
            stdout=subprocess.PIPE, stderr=stderr, text=True,
        )  # fmt: skip


def watch(unit, ports, stack) -> list[dict[str, float]]:
    """Read the metrics until the time is over; somebody watches the stream from the start."""
    readings, end_s, viewer = [], time.monotonic() + LASTS_S, None
    while time.monotonic() < end_s:
        try:
            unit.wait(READ_EACH_S)
        except subprocess.TimeoutExpired:
            pass
        else:
            raise AssertionError("the unit ended by itself")
        reading = metrics(ports["health"])
        if reading is not None:
            readings.append({"at_s": time.monotonic(), **reading})
            if viewer is None and reading.get("frames_inferred_total", 0) > FPS:
                url = f"rtsp://127.0.0.1:{ports['stream']}/live"
                viewer = subprocess.Popen([sys.executable, "-m", "tests.proof.soak_viewer", url])
                stack.callback(viewer.wait)
                stack.callback(viewer.kill)
    assert viewer is not None
    assert viewer.poll() is None, "the stream ended"
    return readings


def metrics(port) -> dict[str, float] | None:
    """Return the metrics without labels, or None while nobody answers yet."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
    except OSError:
        return None
    pairs = (line.rsplit(" ", 1) for line in lines if not line.startswith("#") and "{" not in line)
    return {name.removeprefix("edgecrack_"): float(value) for name, value in pairs}


def percentiles(ages, from_s, to_s) -> tuple[float, float]:
    """Return the median and the 99th percentile of the ages noted in that time."""
    those = sorted(age for at_s, age in ages if from_s <= at_s < to_s)
    return those[len(those) // 2], those[int(len(those) * 0.99)]


def write(report, readings, ages, listener, capsys) -> None:
    """Write the page, and check what must hold."""
    began_s, end_s = ages[0][0], ages[-1][0]
    first = percentiles(ages, began_s + 30, began_s + 30 + WINDOW_S)
    last = percentiles(ages, end_s - WINDOW_S, end_s)
    warm = [one for one in readings if one["at_s"] >= began_s + WARM_UP_S]
    before, after = warm[: max(1, len(warm) // 12)], warm[-max(1, len(warm) // 12) :]
    rss = [median(one["resident_bytes"] for one in those) for those in (before, after)]
    dropped = {cause: count for cause, count in report["frames_dropped"].items() if count}
    unexplained = report["frames_in"] - report["frames_inferred"] - sum(dropped.values())
    tenths = [readings[len(readings) * n // 10]["resident_bytes"] for n in range(1, 10)]
    cracks = listener.ids("cracks")
    storage = report["storage"]
    git = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=True
    )
    text = HEAD.format(
        date=datetime.now(timezone.utc).date(), commit=git.stdout.strip(), fps=FPS,
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        lasts_s=end_s - began_s, backend=report["backend"], precision=report["precision"],
        frames_in=report["frames_in"], frames_inferred=report["frames_inferred"],
        frames_out=report["frames_out"], dropped=dropped or "none", unexplained=unexplained,
        fps_out=report["fps_out"], window_s=WINDOW_S, first_p50=first[0], first_p99=first[1],
        last_p50=last[0], last_p99=last[1], rss_first=rss[0] / 1e6, rss_last=rss[1] / 1e6,
        rss_tenths=", ".join(f"{size / 1e6:.0f}" for size in tenths),
        fds=f"{before[0]['open_descriptors']:.0f}, {after[-1]['open_descriptors']:.0f}",
        threads=f"{before[0]['threads']:.0f}, {after[-1]['threads']:.0f}",
        segments=f"{storage['segments']}, {storage['sealed']}, {storage['deleted']}",
        records=f"{report['frames_with_crack']:,}, {sum(cracks.values()):,}, {len(cracks):,}",
        per_frame=report["disk_bytes_per_frame"] or 0, core_ms=report["core_ms_per_frame"],
    )  # fmt: skip
    Path(__file__).with_name("soak.md").write_text(text, encoding="utf-8")
    with capsys.disabled():
        sys.stdout.write("\n" + text)
    assert unexplained == 0
    assert rss[1] - rss[0] < MOST_GROWTH_BYTES
    assert last[1] <= MOST_SLOWING * first[1]
    assert storage["records_lost"] == 0
