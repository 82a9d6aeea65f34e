"""Two minutes of a camera with a receiver that sends once a second: no picture may be lost."""

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime, timezone
from pathlib import Path

from PIL import Image

GPS, LATITUDE = 0x8825, 2  # where EXIF holds a place
SECONDS, FPS = 120, 25
CAMERA = f"test:?width=1280&height=720&fps={FPS}"


def rmc(at_s: int) -> bytes:
    """Return the NMEA sentence of a receiver that drives north, at a second of UTC."""
    at = datetime.fromtimestamp(at_s, timezone.utc)
    minutes = 20 + (at_s % 3600) * 0.006  # 11 m/s
    text = f"GPRMC,{at:%H%M%S}.00,A,51{minutes:07.4f},N,01222.0000,E,21.6,0.0,{at:%d%m%y},,,A"
    check = 0
    for letter in text:
        check ^= ord(letter)
    return f"${text}*{check:02X}\r\n".encode()


def send_each_second(port: int, over: threading.Event) -> None:
    """Write a sentence at every full second, as a receiver does."""
    while not over.wait(1 - time.time() % 1):
        os.write(port, rmc(round(time.time())))


def has_place(picture: Path) -> bool:
    """Whether a picture says where it was taken."""
    with Image.open(picture) as opened:
        return LATITUDE in opened.getexif().get_ifd(GPS)


def test_no_picture_is_lost(environment, tiny_bundle, tmp_path, capsys):
    """Every frame that was inferred has its mask, SIGTERM included, and nearly all a place."""
    receiver, port = pty.openpty()
    out, over = tmp_path / "out", threading.Event()
    sender = threading.Thread(target=send_each_second, args=(receiver, over))
    sender.start()
    options = ["--live", "--all-masks", "--position", f"serial://{os.ttyname(port)}"]
    program = [sys.executable, "-m", "edgecrack", "run", CAMERA, "--out", str(out), *options]
    child = subprocess.Popen(
        [*program, "--model", str(tiny_bundle)], env=environment,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    while not (out / "run.json").exists() and child.poll() is None:
        over.wait(0.1)
    over.wait(SECONDS)
    child.send_signal(signal.SIGTERM)
    began_s = time.monotonic()
    _, stderr = child.communicate(timeout=60)
    ended_s = time.monotonic() - began_s
    over.set()
    sender.join()
    os.close(receiver)
    os.close(port)
    assert child.returncode == 130, stderr
    report = json.loads((out / "report.json").read_text())
    masks = sorted((out / "masks").iterdir())
    placed = sum(map(has_place, masks))
    lost = report["frames_dropped"]["output"]
    with capsys.disabled():
        sys.stdout.write(
            f"\n| {report['wall_s']:.0f} s | {report['frames_in']} | {report['frames_inferred']} "
            f"| {len(masks)} | {lost} | {placed} | {ended_s:.1f} s "
            f"| {report['peak_memory_bytes'] / 1e6:.0f} MB |\n"
        )
    assert lost == 0
    assert len(masks) == report["frames_inferred"] > SECONDS
    assert placed > 0.9 * len(masks)
