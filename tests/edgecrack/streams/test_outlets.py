"""Streams over SRT and UDP, and into a folder, each received by GStreamer itself."""

import os
import re
import socket
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from edgecrack.backoff import Backoff
from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.gst.outlet import PipelineOutlet
from edgecrack.gst.stream_chain import MOST_FILES, MOST_LISTED, PLAYLIST
from edgecrack.streams import outlets
from edgecrack.streams.address import StreamKind, parse_stream_address
from edgecrack.streams.outlets import OutletSpec, check_installed, open_outlet
from edgecrack.streams.sending import RETRYING, STREAMING
from tests.edgecrack.streams.watchers import Camera, Player, srt, udp

SOON = Backoff(0.05, 0.2)
SECRET = "passphrase=ten+letters+and+more"


def udp_port():
    """Return a port of UDP that nobody uses now."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
    return port


def assert_in_order(taken):
    """Assert that pictures came at rising times, each lighter than the one before."""
    assert np.all(np.diff([at_ns for at_ns, _ in taken]) > 0)
    steps = np.diff([picture.mean() for _, picture in taken]) % 230
    assert np.all((steps > 1) & (steps < 30))


def test_udp_is_received_by_whoever_listens():
    """Whether anybody does cannot be known, so it is sent all the time."""
    port = udp_port()
    with Camera(f"udp://localhost:{port}") as camera, Player(udp(port)) as player:
        taken = player.take(12)
        assert len(taken) == 12
        assert_in_order(taken)
        counts = camera.streamer.counts()
    assert (counts.clients, counts.frames_dropped["unwatched"]) == (None, 0)


def test_a_host_that_is_not_known_is_waited_for():
    """A unit may be there before its network is."""
    with Camera("udp://nobody.invalid:5000", backoff=SOON) as camera:
        camera.until(lambda: len(camera.notes) > 2)
    assert {state for state, _ in camera.notes} == {RETRYING}
    assert "nobody.invalid is not to be found" in camera.notes[0][1]


def test_srt_is_called_and_left_again_and_again():
    """Nothing is drawn without a caller; each sees the stream, and is counted."""
    port = udp_port()
    with Camera(f"srt://:{port}?{SECRET}") as camera:
        camera.until(lambda: camera.streamer.counts().frames_dropped["unwatched"] > 3)
        assert camera.drawn == 0
        for _ in range(3):
            with Player(srt(f"srt://127.0.0.1:{port}?{SECRET.replace('+', ' ')}")) as player:
                taken = player.take(8)
                assert len(taken) == 8
                assert_in_order(taken[1:])
        before = camera.streamer.counts().frames_dropped["unwatched"]
        camera.until(lambda: camera.streamer.counts().frames_dropped["unwatched"] > before + 3)
        counts = camera.streamer.counts()
    assert (counts.clients, counts.restarts) == (3, 0)


def test_srt_calls_until_somebody_answers():
    """And calls again when the other went away."""
    port = udp_port()
    with Camera(f"srt://127.0.0.1:{port}", backoff=SOON) as camera:
        for _ in range(2):
            with Player(srt(f"srt://127.0.0.1:{port}?mode=listener")) as player:
                assert len(player.take(8)) == 8
            camera.until(lambda: camera.notes[-1][0] == RETRYING)
    assert camera.streamer.counts().restarts >= 1


def test_a_taken_port_of_srt_is_waited_for():
    """The other keeps it; the stream begins when that one has gone."""
    port = udp_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))
        with Camera(f"srt://:{port}", backoff=SOON) as camera:
            camera.until(lambda: camera.notes)
            assert camera.notes[0][0] == RETRYING
            assert "bind" in camera.notes[0][1]
            other.close()
            camera.until(lambda: camera.notes[-1][0] == STREAMING)


def segments(folder):
    """Return the names of the segments that a playlist lists, having checked its form."""
    lines = (folder / PLAYLIST).read_text().splitlines()
    assert lines[0] == "#EXTM3U"
    named = [line for line in lines if line and not line.startswith("#")]
    lengths_s = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF:")]
    target_s = int(re.search(r"TARGETDURATION:(\d+)", "\n".join(lines))[1])
    assert len(lengths_s) == len(named) <= MOST_LISTED
    assert max(lengths_s) <= target_s + 0.5
    return named


def test_a_folder_plays_from_its_playlist_and_stays_small(tmp_path, monkeypatch):
    """Old segments go, all that are listed are there, and a player plays the end of it."""
    monkeypatch.setattr("edgecrack.gst.stream_chain.SEGMENT_S", 1)
    monkeypatch.setattr("edgecrack.gst.stream_chain.MOST_LISTED", 2)
    monkeypatch.setattr("edgecrack.gst.stream_chain.MOST_FILES", 2)
    folder = tmp_path / "a 100%d" / "live"
    folder.mkdir(parents=True)
    for old in ("live-00099.ts", PLAYLIST, "mine.ts"):
        (folder / old).write_text("from another day")
    with Camera(f"hls:{folder}") as camera:
        camera.until(lambda: "live-00003.ts" in os.listdir(folder))  # noqa: PTH208
        while_running = set(segments(folder))
        files = {path.name for path in folder.iterdir()}
        assert while_running <= files
        assert len(files) <= MOST_FILES
    assert "live-00000.ts" not in files
    assert {"mine.ts"} == {name for name in files if not name.startswith("live")}
    assert "#EXT-X-ENDLIST" in (folder / PLAYLIST).read_text()
    kept = [folder / name for name in segments(folder)]
    whole = tmp_path / "whole.ts"
    whole.write_bytes(b"".join(path.read_bytes() for path in kept))
    with Player(f'filesrc location="{whole}" ! tsdemux') as player:
        taken = player.take(1000)
    assert_in_order(taken)
    assert len(taken) > 25 * (len(kept) - 2)


def test_a_folder_that_cannot_be_is_waited_for(tmp_path):
    """A file in its place, until that is gone."""
    in_the_way = tmp_path / "live"
    in_the_way.write_text("")
    with Camera(f"hls:{in_the_way}", backoff=SOON) as camera:
        camera.until(lambda: camera.notes)
        assert camera.notes[0][0] == RETRYING
        assert "cannot be written" in camera.notes[0][1]
        in_the_way.unlink()
        camera.until(lambda: camera.notes[-1][0] == STREAMING)


def test_a_full_disk_is_an_error_that_is_told():
    """Files that cannot be written stop the pipeline; the stream would try again."""
    spec = OutletSpec(parse_stream_address("hls:/live"), 25.0, 500)
    source = outlets._source_chain(spec, (64, 48))  # noqa: SLF001
    chain = f"{source} ! filesink name=sink buffer-mode=unbuffered"
    with closing(PipelineOutlet(chain, (("location", "/dev/full"),), (64, 48))) as outlet:
        outlet.start()
        for _ in range(200):
            outlet.push(np.zeros((48, 64, 3), np.uint8))
            if outlet.problem():
                break
            threading.Event().wait(0.01)
        assert "No space left" in outlet.problem()


def test_what_is_not_installed_is_found_at_the_start(monkeypatch):
    """Before the first picture, in words that say what to do."""
    for kind in StreamKind:
        check_installed(kind)
    monkeypatch.setattr(outlets, "has_element", lambda name: name != "srtsink")
    with pytest.raises(EdgecrackError, match=r"srtsink.*setup"):
        check_installed(StreamKind.SRT)


def test_a_picture_too_small_is_refused():
    """No encoder takes it."""
    spec = OutletSpec(parse_stream_address("udp://localhost:9"), 25.0, 500)
    with pytest.raises(SinkError, match="16x16"):
        open_outlet(spec, (12, 8))
    assert Path("/dev/full").exists()
