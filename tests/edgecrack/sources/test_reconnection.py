"""Real cameras that go away and come back: GStreamer's RTSP server, stopped, silent and changed."""

import itertools
import os
import signal
import time
from contextlib import closing
from pathlib import Path

import pytest

from edgecrack.backoff import Backoff
from edgecrack.capture_state import CaptureState
from edgecrack.errors import UsageError
from edgecrack.gst.coded_pictures import has_audio
from edgecrack.gst.runtime import Gst
from edgecrack.sources import SourceSpec
from edgecrack.sources.reconnection import open_returning, reconnects
from edgecrack.sources.supervised import SupervisedSource, Supervision
from edgecrack.sources.video import VideoSource
from tests.edgecrack.rtsp_server import SOUND, RtspServer, free_port, pictures

OPENING, CAPTURING, RECONNECTING = CaptureState
INPUTS_PX = [(64, 48), (48, 64)]
HOUR_NS = 3600 * 10**9
DEAD = "rtsp://127.0.0.1:9/1"


@pytest.fixture
def port():
    """Return a port at which nobody listens yet."""
    return free_port()


@pytest.fixture
def serve(port):
    """Return a function that starts a server at the port, with other pictures than before."""
    servers = []

    def _serve(description=None):
        for server in servers:
            server.stop()
        servers.append(RtspServer(port, description))
        return servers[-1]

    yield _serve
    for server in servers:
        server.stop()


class Watched:
    """A source that comes back, and what it told.

    Attributes:
        changes: Each change of state.
        frames: Each frame that came.
        late: The server that was started once it was missing.
    """

    def __init__(self, port, when_it_is_missing=None, **wishes):
        self.changes, self.frames = [], []
        self._serve, self.late = when_it_is_missing, None
        spec = SourceSpec(address=f"rtsp://me:s3cret@127.0.0.1:{port}/live", **wishes)
        self.source = open_returning(spec, INPUTS_PX, self.changes.append, self._wait)
        self._rounds = iter(self.source)

    def _wait(self, _waited_s, _total):
        if self._serve is not None and self.late is None and self.changes[-1].reason:
            self.late = self._serve()

    def until(self, fact):
        """Take frames until something is so."""
        for one in self._rounds:
            self.frames += [one] * (one is not None)
            if fact():
                return
        raise AssertionError("it ended")

    def until_reason(self, *words):
        """Take frames until a reason with these words was told."""
        self.until(lambda: all(word in self.changes[-1].reason for word in words))

    def until_more_frames(self, count=3):
        """Take some more frames."""
        wanted = len(self.frames) + count
        self.until(lambda: len(self.frames) >= wanted)

    def close(self):
        """Let go of it."""
        self.source.close()


@pytest.mark.slow
def test_a_camera_comes_late_goes_and_comes_back_with_other_pictures(port, serve):
    """Waited for, captured, lost, captured again; numbers and times go on, the input stays."""
    with closing(Watched(port, when_it_is_missing=serve)) as watched:
        watched.until_more_frames()
        first = watched.frames[-1]
        watched.late.stop()
        watched.until_reason("refused")
        serve(pictures(240, 320))
        watched.until_more_frames()
        back, counts = watched.frames[-1], watched.source.counts()
    states = [state for state, _ in itertools.groupby(one.state for one in watched.changes)]
    assert states == [OPENING, CAPTURING, RECONNECTING, CAPTURING]
    assert "s3cret" not in str(watched.changes)
    assert (first.evidence.shape, back.evidence.shape) == ((120, 160, 3), (320, 240, 3))
    assert first.image.shape[:2] == (48, 64)
    assert back.image.shape[:2] == (48, 36), "as large as it fits into the same input"
    for before, after in itertools.pairwise(watched.frames):
        assert after.index > before.index
        assert after.pts_ns >= before.pts_ns
        assert after.captured_ns >= before.captured_ns
    assert counts.delivered == len(watched.frames) + counts.dropped
    assert counts.interruptions.reconnections == 1
    assert counts.interruptions.without_pictures_s > 0


@pytest.mark.slow
def test_a_server_that_says_nothing_more_is_given_up(port, serve):
    """Its connection stands, but no picture comes; when it goes on, so do the frames."""
    server = serve()
    with closing(Watched(port, stale_after_s=0.5)) as watched:
        watched.until_more_frames()
        os.kill(server.process.pid, signal.SIGSTOP)
        watched.until_reason("no picture for 0.5 s")
        os.kill(server.process.pid, signal.SIGCONT)
        watched.until_more_frames()
    assert watched.changes[-1].state is CAPTURING


@pytest.mark.slow
def test_pictures_that_the_region_leaves_are_no_end(port, serve):
    """A camera that was set to a smaller mode is asked again until it is set back."""
    server = serve(pictures(160, 120))
    with closing(Watched(port, region_px=(80, 60, 80, 60))) as watched:
        watched.until_more_frames()
        server.stop()
        watched.until_reason("refused")
        serve(pictures(80, 60))
        watched.until_reason("80x60")
        serve(pictures(160, 120))
        watched.until_more_frames()
    assert watched.changes[-1].state is CAPTURING


@pytest.mark.slow
def test_a_first_picture_that_the_region_leaves_is_no_end(port, serve):
    """A camera that comes up in a smaller mode is asked again until it has its own."""
    serve(pictures(80, 60))

    def serve_larger():
        return serve(pictures(160, 120))

    with closing(Watched(port, serve_larger, region_px=(80, 60, 80, 60))) as watched:
        assert watched.late is not None
        watched.until_more_frames()
    assert "80x60" in watched.changes[1].reason
    assert watched.changes[-1].state is CAPTURING


def test_where_nobody_waits_a_region_outside_the_first_picture_ends_it(port, serve):
    """It is for a person to correct."""
    serve()
    with pytest.raises(UsageError, match="160x120"):
        Watched(port, region_px=(0, 0, 161, 10), reconnect=False)


@pytest.mark.parametrize(
    "address", ["rtsp://cam:99999/1", "rtsp:///1", "rtsp://joe:s3cret/x@cam/1"]
)
def test_an_address_that_no_server_can_have_ends_it(address):
    """It is a mistake of the configuration, and told without its secrets."""
    with pytest.raises(UsageError) as caught:
        open_returning(SourceSpec(address=address), INPUTS_PX, print, print)
    assert "s3cret" not in str(caught.value)


def test_sound_is_not_asked_for(serve):
    """A camera that offers its sound first gives its pictures alone."""
    server = serve(f"{SOUND} {pictures(pay='pay1')}")
    with closing(VideoSource(SourceSpec(address=server.url), INPUTS_PX)) as video:
        assert next(iter(video)).evidence.shape == (120, 160, 3)
        assert not has_audio(video._reader._pipeline)  # noqa: SLF001


@pytest.mark.slow
def test_the_servers_own_account_of_the_time_is_used_while_both_clocks_agree(serve, monkeypatch):
    """Where GStreamer passes it on; a clock that is an hour off is not believed."""
    passes_on = Gst.ElementFactory.make("rtspsrc").find_property("add-reference-timestamp-meta")
    with closing(VideoSource(SourceSpec(address=serve().url), INPUTS_PX)) as video:
        frames = filter(None, video)
        for _ in range(150):
            seen = next(frames)
            if video.counts().server_timed:
                break
        assert (video.counts().server_timed > 0) == (passes_on is not None)
        assert abs(seen.captured_ns - time.time_ns()) < 2 * 10**9
        assert seen.server_ns == (None if passes_on is None else seen.captured_ns)
        told, now_ns = video.counts().server_timed, time.time_ns
        monkeypatch.setattr("time.time_ns", lambda: now_ns() + HOUR_NS)
        assert next(frames).captured_ns > now_ns() + HOUR_NS - 2 * 10**9
        assert video.counts().server_timed == told


def held():
    """Return how many descriptors and threads this process has."""
    return [sum(1 for _ in Path(f"/proc/self/{kind}").iterdir()) for kind in ("fd", "task")]


def take_all(opened, how, each):
    """Open a source, take its frames, and do something after each."""
    with closing(SupervisedSource(opened, INPUTS_PX, how)) as source:
        for _ in source:
            each()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("address", "count"), [("test:?width=64&height=48&fps=100&frames=2", 20), (DEAD, 12)]
)
def test_nothing_is_held_over_many_openings(address, count):
    """Neither descriptors nor threads, whether they open or not."""
    spec, seen = SourceSpec(address=address, live=True), []

    def opened(inputs_px, is_wanted):
        seen.append(held())
        return VideoSource(spec, inputs_px, is_wanted)

    def enough(*_told):
        if len(seen) > count:
            raise KeyboardInterrupt

    how = Supervision(on_wait=enough, backoff=Backoff(0.001, 0.001))
    with pytest.raises(KeyboardInterrupt):
        take_all(opened, how, enough)
    assert len(seen) == count + 1
    descriptors, threads = zip(*seen[4:], strict=True)
    assert max(descriptors) <= descriptors[0] + 2
    assert max(threads) <= threads[0] + 4


RETURNING = [
    ({"address": "rtsp://cam/1"}, True),
    ({"address": "v4l2:///dev/video0"}, True),
    ({"address": "csi://0"}, True),
    ({"address": "rtsp://cam/1", "live": False}, False),
    ({"address": "rtsp://cam/1", "reconnect": False}, False),
    ({"address": "http://cam/a.mp4"}, False),
    ({"address": "http://cam/live", "live": True}, True),
    ({"address": "drive.mp4", "live": True}, False),
    ({"address": "test:", "live": True}, False),
    ({"address": "test:", "live": True, "reconnect": True}, True),
]


@pytest.mark.parametrize(("settings", "comes_back"), RETURNING)
def test_live_sources_that_may_return_do(settings, comes_back):
    """Files and test pictures have an end; what a person says wins."""
    assert reconnects(SourceSpec(**settings)) is comes_back


def test_what_lies_here_cannot_come_back(tmp_path):
    """A file and a folder of pictures are refused, and so is a source that may drop nothing."""
    for address in ("drive.mp4", str(tmp_path)):
        with pytest.raises(UsageError, match="--reconnect"):
            reconnects(SourceSpec(address=address, live=True, reconnect=True))
    with pytest.raises(ValueError, match="reconnect"):
        SourceSpec(address="rtsp://cam/1", live=False, reconnect=True)
    for wrong in (0.4, 15.1, float("nan")):
        with pytest.raises(ValueError, match="stale_after_s"):
            SourceSpec(address="rtsp://cam/1", stale_after_s=wrong)
