"""A run that others watch: the program itself, its stream, and what its report says of it."""

import json
import signal
from contextlib import closing

from tests.edgecrack.rtsp_server import RtspServer, free_port, pictures
from tests.edgecrack.streams.watchers import Player, StalledClient, rtsp


def test_a_run_is_watched_and_loses_nothing_by_it(begin, until, tmp_path, features):
    """One plays, one stalls; every frame inferred has its record, and the report tells of both."""
    port, out = free_port(), tmp_path / "out"
    address = f"rtsp://127.0.0.1:{port}/live"
    options = ("--stream", address, "--stream-bitrate", 20_000, "--min-crack-share", 0)
    snow = pictures(320, 240).replace("pattern=ball", "pattern=snow")
    with RtspServer(free_port(), snow) as camera:
        child = begin(camera.url, out, *options)
        masks = out / "masks"
        until(lambda: masks.is_dir() and any(masks.iterdir()), child)
        with closing(StalledClient(port)), Player(rtsp(address)) as player:
            taken = player.take(40)
            child.send_signal(signal.SIGTERM)
            _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    times_ns = [at_ns for at_ns, _ in taken]
    assert len(times_ns) == 40
    assert times_ns == sorted(set(times_ns))
    assert taken[-1][1].shape == (240, 320, 3)
    report = json.loads((out / "report.json").read_text())
    stream = report["stream"]
    assert (stream["address"], stream["clients"], stream["restarts"]) == (address, 2, 0)
    assert stream["frames_sent"] >= 40
    shown = stream["frames_sent"] + sum(stream["frames_dropped"].values())
    assert report["frames_inferred"] - 2 <= shown <= report["frames_inferred"]
    assert report["frames_dropped"]["output"] == 0
    assert len(features(out)) == report["frames_inferred"]
    assert f"stream: streaming: {address}" in stderr


def test_a_file_needs_its_own_pace(command, tiny_bundle, tmp_path):
    """Refused in one sentence, before anything is written."""
    out = tmp_path / "out"
    source = "test:?width=96&height=64&frames=5"
    options = ("--stream", "udp://localhost:9", "--model", tiny_bundle, "--out", out)
    command("run", source, *options).refused(2, "--stream", "--live")
    assert not out.exists()
