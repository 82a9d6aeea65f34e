"""Ten minutes of a run whose stream has two clients: one plays it, one stalls again and again.

``EDGECRACK_STREAM_S`` says for how many seconds, where that is to be another time.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

from tests.edgecrack.rtsp_server import RtspServer, free_port
from tests.edgecrack.streams.watchers import Player, StalledClient, rtsp

SECONDS = int(os.environ.get("EDGECRACK_STREAM_S", "600"))
EVERY_S, STALL_EVERY_S = 5, 25
MOST_GROWTH_BYTES, MOST_DESCRIPTORS, MOST_THREADS = 10_000_000, 3, 3
CAMERA = (
    "videotestsrc is-live=true pattern=snow ! "
    "video/x-raw,format=I420,width=480,height=270,framerate=15/1 ! "
    "x264enc speed-preset=ultrafast tune=zerolatency bitrate=4000 key-int-max=15 ! "
    "rtph264pay name=pay0"
)
"""Noise: it takes all the bits that the stream may have, so a client that stalls is soon full."""


@dataclass(frozen=True, slots=True)
class Held:
    """What the run held at one moment."""

    resident_bytes: int
    descriptors: int
    threads: int


def held(pid: int) -> Held:
    """Return what a process holds."""
    process = Path(f"/proc/{pid}")
    pages = int((process / "statm").read_text(encoding="ascii").split()[1])
    counts = [sum(1 for _ in (process / kind).iterdir()) for kind in ("fd", "task")]
    return Held(pages * resource.getpagesize(), *counts)


class Watching(threading.Thread):
    """Plays the stream until told otherwise, and begins again where it ends.

    Attributes:
        seen: How many pictures it saw.
        begun: How often it began.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url, self.over = url, threading.Event()
        self.seen = self.begun = 0

    def run(self) -> None:
        """Play."""
        while not self.over.is_set():
            with Player(rtsp(self._url)) as player:
                self.begun += 1
                while player.watch(25) == 25 and not self.over.is_set():
                    self.seen += 25


def watched(
    child: subprocess.Popen[str], port: int, seconds: int
) -> tuple[list[Held], Watching, int]:
    """Watch a run for so long; return what it held, who watched, and how often one stalled."""
    watching = Watching(f"rtsp://127.0.0.1:{port}/live")
    watching.start()
    samples, stalled = [], []
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s and child.poll() is None:
        if len(samples) % (STALL_EVERY_S // EVERY_S) == 0:
            stalled.append(StalledClient(port))
        watching.over.wait(EVERY_S)
        samples.append(held(child.pid))
    watching.over.set()
    watching.join()
    for client in stalled:
        client.close()
    return samples, watching, len(stalled)


def test_nothing_grows_and_nothing_is_lost(environment, tiny_bundle, tmp_path, capsys):
    """Memory, descriptors and threads stay, the player sees all the time, and no record is lost."""
    port, out = free_port(), tmp_path / "out"
    options = [
        "--out", out, "--model", tiny_bundle, "--stream", f"rtsp://:{port}/live",
        "--stream-bitrate", 8000, "--min-crack-share", 0,
    ]  # fmt: skip
    with RtspServer(free_port(), CAMERA) as camera:
        program = [sys.executable, "-m", "edgecrack", "run", camera.url, *map(str, options)]
        child = subprocess.Popen(
            program, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        for line in child.stderr:
            if "streaming" in line:
                break
        drain = threading.Thread(target=child.stderr.read)
        drain.start()
        samples, watching, stalls = watched(child, port, SECONDS)
        child.send_signal(signal.SIGTERM)
        child.wait(60)
        drain.join()
        child.stderr.close()
    report = json.loads((out / "report.json").read_text())
    lines = (out / "cracks.geojsonl").read_text().count("\n")
    third = len(samples) // 3
    early, late = samples[third : 2 * third], samples[2 * third :]
    growth = max(s.resident_bytes for s in late) - max(s.resident_bytes for s in early)
    with capsys.disabled():
        sys.stdout.write(
            f"\n| {report['wall_s']:.0f} s | {report['frames_inferred']} | {lines} "
            f"| {report['frames_dropped']['output']} | {watching.seen} in {watching.begun} "
            f"| {stalls} "
            f"| {max(s.resident_bytes for s in late) / 1e6:.0f} MB, {growth / 1e6:+.1f} MB "
            f"| {max(s.descriptors for s in early)}, {max(s.descriptors for s in late)} "
            f"| {max(s.threads for s in early)}, {max(s.threads for s in late)} |\n"
            f"{json.dumps(report['stream'])}\n"
        )
    assert report["frames_dropped"]["output"] == 0
    assert lines == report["frames_inferred"]
    assert watching.seen > 0.8 * report["stream"]["frames_sent"]
    assert growth < MOST_GROWTH_BYTES
    for kind, most in (("descriptors", MOST_DESCRIPTORS), ("threads", MOST_THREADS)):
        assert max(getattr(s, kind) for s in late) <= max(getattr(s, kind) for s in early) + most
