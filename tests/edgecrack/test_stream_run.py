"""A run that others watch: the program itself, its stream, and what its report says of it."""

import json
import signal
from contextlib import closing

from tests.edgecrack.rtsp_server import RtspServer, free_port, pictures
from tests.edgecrack.streams.watchers import Player, StalledClient, rtsp


def test_a_run_is_watched_and_loses_nothing_by_it(begin, until, tmp_path, features):
    """One plays, one stalls; every frame inferred has its record, and the report tells of both."""
    port, out = free_port(), tmp_path / "out"
    address = f"rtsp://joe:s3cret@127.0.0.1:{port}/live"
    options = ("--all-masks", "--min-crack-share", 0)
    with RtspServer(free_port(), pictures(320, 240)) as camera:
        child = begin(camera.url, out, "--stream", address, *options)
        until(lambda: (out / "masks").is_dir() and any((out / "masks").iterdir()), child)
        with Player(rtsp(address)) as player:
            taken = player.take(25)
            times_ns = [at_ns for at_ns, _ in taken]
            assert times_ns == sorted(set(times_ns))
            assert taken[-1][1].shape == (240, 320, 3)
        child.send_signal(signal.SIGTERM)
        stdout, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    report = json.loads((out / "report.json").read_text())
    stream = report["stream"]
    assert stream["address"] == f"rtsp://***@127.0.0.1:{port}/live"
    assert (stream["clients"], stream["restarts"]) == (1, 0)
    assert stream["frames_sent"] >= 25
    shown = stream["frames_sent"] + sum(stream["frames_dropped"].values())
    assert report["frames_inferred"] - 2 <= shown <= report["frames_inferred"]
    assert report["frames_dropped"]["output"] == 0
    assert len(features(out)) == report["frames_inferred"]
    assert "stream: streaming: rtsp://***@" in stderr
    assert "s3cret" not in stdout + stderr + (out / "run.json").read_text() + json.dumps(report)


def test_a_client_that_stalls_takes_nothing_from_the_records(begin, until, tmp_path, features):
    """It asked for the stream and reads none of it while the run goes on and ends."""
    port, out = free_port(), tmp_path / "out"
    options = ("--stream", f"rtsp://:{port}/live", "--stream-bitrate", 20_000)
    snow = pictures(320, 240).replace("pattern=ball", "pattern=snow")
    with RtspServer(free_port(), snow) as camera:
        child = begin(camera.url, out, *options, "--min-crack-share", 0)
        masks = out / "masks"
        until(lambda: masks.is_dir() and any(masks.iterdir()), child)
        with closing(StalledClient(port)):
            before = len(list(masks.iterdir()))
            until(lambda: len(list(masks.iterdir())) > before + 50, child)
            child.send_signal(signal.SIGTERM)
            _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130, stderr
    report = json.loads((out / "report.json").read_text())
    assert report["stream"]["clients"] == 1
    assert report["frames_dropped"]["output"] == 0
    assert len(features(out)) == report["frames_inferred"]


def test_a_file_needs_its_own_pace(command, tiny_bundle, tmp_path):
    """Refused in one sentence, before anything is written."""
    out = tmp_path / "out"
    source = "test:?width=96&height=64&frames=5"
    options = ("--stream", "udp://localhost:9", "--model", tiny_bundle, "--out", out)
    command("run", source, *options).refused(2, "--stream", "--live")
    assert not out.exists()
