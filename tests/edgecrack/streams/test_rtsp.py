"""The stream over RTSP and real players: they come, go, stall, and have the wrong password."""

import resource
import socket
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from edgecrack.backoff import Backoff
from edgecrack.gst.rtsp_server import MOST_CLIENTS
from edgecrack.sources import SourceSpec, open_source
from edgecrack.streams.sending import RETRYING, STREAMING
from tests.edgecrack.rtsp_server import free_port
from tests.edgecrack.streams.watchers import Camera, Player, StalledClient, rtsp

SOON = Backoff(0.05, 0.2)


@pytest.fixture
def port():
    """Return a port at which nobody listens yet."""
    return free_port()


@pytest.fixture
def url(port):
    """Return where the stream is to be."""
    return f"rtsp://127.0.0.1:{port}/live"


def resident_bytes():
    """Return the memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def held():
    """Return how many descriptors and threads this process has."""
    return tuple(sum(1 for _ in Path(f"/proc/self/{kind}").iterdir()) for kind in ("fd", "task"))


def is_served(url):
    """Whether a player sees anything."""
    with Player(rtsp(url)) as player:
        return player.watch(1) == 1


def open_stream(camera):
    """Wait until a stream is there."""
    camera.until(lambda: camera.notes and camera.notes[-1][0] == STREAMING)


def test_a_player_sees_the_pictures_in_order(url):
    """At rising times, each a little lighter than the one before; the count of clients is right."""
    with Camera(url) as camera:
        open_stream(camera)
        with Player(rtsp(url)) as player:
            taken = player.take(20)
        counts = camera.streamer.counts()
    times_ns, means = zip(*((at_ns, picture.mean()) for at_ns, picture in taken), strict=True)
    assert len(taken) == 20
    assert np.all(np.diff(times_ns) > 0)
    steps = np.diff(means) % 230
    assert np.all((steps > 1) & (steps < 30))
    assert counts.clients == 1
    assert counts.frames_sent >= 20


def test_our_own_source_reads_it(url):
    """A stream is a source for another edgecrack."""
    with Camera(url) as camera:
        open_stream(camera)
        with closing(open_source(SourceSpec(address=url), [(64, 48)])) as source:
            frames = []
            for frame in source:
                frames += [frame] * (frame is not None)
                if len(frames) == 10:
                    break
    assert [frame.evidence.shape for frame in frames] == [(240, 320, 3)] * 10
    assert np.all(np.diff([frame.pts_ns for frame in frames]) > 0)


def test_with_nobody_there_nothing_is_drawn_and_memory_stays(url):
    """Five hundred pictures for nobody."""
    with Camera(url) as camera:
        open_stream(camera)
        before, px = resident_bytes(), camera.size_px
        pictures = [lambda: pytest.fail("it was drawn")] * 500
        for picture in pictures:
            camera.streamer.put(px, picture)
        camera.until(lambda: sum(camera.streamer.counts().frames_dropped.values()) >= 500)
        assert camera.drawn == camera.streamer.counts().frames_sent == 0
        assert resident_bytes() - before < 2_000_000


def test_only_who_knows_the_password_sees_anything(port):
    """Neither without one nor with a wrong one; the name of the stream does not tell it."""
    with Camera(f"rtsp://me:s3cret@127.0.0.1:{port}/live") as camera:
        open_stream(camera)
        for login in ("", "me:wrong@", "you:s3cret@"):
            with Player(rtsp(f"rtsp://{login}127.0.0.1:{port}/live")) as player:
                assert player.take(1) == []
        assert camera.streamer.counts().clients == 0
        with Player(rtsp(f"rtsp://me:s3cret@127.0.0.1:{port}/live")) as player:
            assert len(player.take(3)) == 3
    assert "s3cret" not in repr((camera.notes, camera.streamer.counts()))


def test_who_stalls_costs_nothing(port, url):
    """One who asks and never reads: another sees all, and neither memory nor threads grow."""
    with Camera(url, noise=True, kbps=4000) as camera:
        open_stream(camera)
        with closing(StalledClient(port)), Player(rtsp(url)) as player:
            assert player.watch(50) == 50
            before = resident_bytes(), *held()
            assert player.watch(50) == 50
            after = resident_bytes(), *held()
    assert after[0] - before[0] < 4_000_000  # the server keeps ten seconds for each, and no more
    assert after[1:] <= before[1:]


def test_who_stalls_alone_is_let_go(port, url, monkeypatch):
    """When nobody takes pictures any more the stream begins anew, without those who held it."""
    monkeypatch.setattr("edgecrack.gst.picture_input.STUCK_S", 0.5)
    with Camera(url, noise=True, kbps=50_000, backoff=SOON) as camera:
        open_stream(camera)
        with closing(StalledClient(port)) as stalled:
            camera.until(lambda: RETRYING in dict(camera.notes))
            camera.until(lambda: camera.notes[-1][0] == STREAMING)
            with Player(rtsp(url)) as player:
                assert len(player.take(3)) == 3
            assert not stalled.is_connected()
    assert "no picture was taken" in camera.notes[1][1]


def test_players_may_come_and_go(url):
    """Twenty times, each at once after the other: descriptors and threads stay as many."""
    module = [sys.executable, "-m", "tests.edgecrack.streams.watchers", url, "20"]
    seen = []
    with Camera(url) as camera:
        open_stream(camera)
        with subprocess.Popen(module, stdout=subprocess.PIPE, text=True) as child:
            for line in child.stdout:
                assert line == "3\n"
                seen.append(held())
    assert len(seen) == 20
    for early, late in zip(
        zip(*seen[2:10], strict=True), zip(*seen[12:], strict=True), strict=True
    ):
        assert max(late) <= max(early) + 3


def test_there_may_be_so_many_and_no_more(port, url):
    """Who comes later is not served; when one has left, the next is."""
    with Camera(url) as camera:
        open_stream(camera)
        callers = [socket.create_connection(("127.0.0.1", port), 10) for _ in range(MOST_CLIENTS)]
        for caller in callers:
            caller.sendall(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
            assert b"200 OK" in caller.recv(4096)
        with socket.create_connection(("127.0.0.1", port), 10) as late:
            assert late.recv(1) == b""
        for caller in callers:
            caller.close()
        camera.until(lambda: is_served(url))


def test_a_port_that_is_taken_is_waited_for(port, url):
    """The stream says why, loses no descriptor by trying, and is there once the port is free."""
    with socket.create_server(("127.0.0.1", port)), Camera(url, backoff=SOON) as camera:
        camera.until(lambda: camera.notes)
        state, reason = camera.notes[0]
        assert state == RETRYING
        assert "already in use" in reason
        before = held()[0]
        camera.until(lambda: len(camera.notes) > 10)
        assert held()[0] <= before
        away = camera.streamer.counts().frames_dropped["away"]
        assert away > 0
    with socket.create_server(("127.0.0.1", port)) as other, Camera(url, backoff=SOON) as camera:
        camera.until(lambda: camera.notes)
        other.close()
        open_stream(camera)
        with Player(rtsp(url)) as player:
            assert len(player.take(3)) == 3


def test_another_size_of_picture_begins_a_new_stream(url):
    """Players are let go and find the new size where the old one was."""
    with Camera(url, backoff=SOON) as camera:
        open_stream(camera)
        with Player(rtsp(url)) as player:
            assert player.take(2)[-1][1].shape == (240, 320, 3)
            camera.size_px = (161, 121)
            while player.take(1):
                pass
        camera.until(lambda: camera.streamer.counts().restarts == 1)
        with Player(rtsp(url)) as player:
            assert player.take(2)[-1][1].shape == (120, 160, 3)
        assert camera.streamer.counts().restarts == 1
        assert camera.streamer.counts().clients == 2


def test_who_asks_for_nothing_is_let_go_and_who_watches_is_not(port, url, monkeypatch):
    """A place is not kept for a connection without a session."""
    monkeypatch.setattr("edgecrack.gst.rtsp_server._IDLE_S", 0.3)
    monkeypatch.setattr("edgecrack.gst.rtsp_server._SESSIONS_EVERY_MS", 100)
    with Camera(url) as camera:
        open_stream(camera)
        with Player(rtsp(url)) as player, socket.create_connection(("127.0.0.1", port), 10) as idle:
            assert player.watch(3) == 3
            assert idle.recv(1) == b""
            assert player.watch(30) == 30
        assert camera.streamer.counts().clients == 1


def test_when_the_last_has_left_the_encoder_ends(url, monkeypatch):
    """After a while nothing is drawn any more; who comes then has another, and sees as much."""
    monkeypatch.setattr("edgecrack.gst.rtsp_server._LINGER_S", 0.3)
    monkeypatch.setattr("edgecrack.gst.rtsp_server._SESSIONS_EVERY_MS", 100)
    with Camera(url) as camera:
        open_stream(camera)
        for _ in range(3):
            with Player(rtsp(url)) as player:
                assert player.watch(5) == 5
            wanted = camera.streamer.counts().frames_dropped["unwatched"] + 5
            while camera.streamer.counts().frames_dropped["unwatched"] < wanted:
                camera.wait(1)
