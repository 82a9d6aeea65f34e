"""What is shown of a run: the cracks, or the plain picture, and also a vehicle that stands."""

import numpy as np
import pytest

from edgecrack.conditions import Conditions
from edgecrack.errors import UsageError
from edgecrack.sinks.overlay import to_overlay
from edgecrack.sources import SourceInfo
from edgecrack.streams import StreamSpec
from edgecrack.streams.live_view import LiveView, open_live_view
from tests.edgecrack.sinks.conftest import make_observation


class Taken:
    """A streamer that draws at once.

    Attributes:
        pictures: What it drew.
    """

    def __init__(self):
        self.pictures = []

    def put(self, size_px, draw):
        """Draw."""
        self.pictures.append(draw())
        assert self.pictures[-1].shape[1::-1] == size_px


@pytest.fixture
def seen():
    """Return an observation without a place: what is known when it is shown."""
    return make_observation(7, pose=None, size_px=(320, 240))


def test_the_overlay_is_that_of_the_video(seen):
    """But for the place, which is not known yet; the evidence itself is not drawn into."""
    before, taken = seen.frame.evidence.copy(), Taken()
    LiveView(taken).detected(seen.detection)
    assert np.array_equal(taken.pictures[0], to_overlay(seen))
    assert np.array_equal(seen.frame.evidence, before)


def test_plain_is_the_picture_itself(seen):
    """Nothing is drawn, and nothing copied."""
    taken = Taken()
    view = LiveView(taken, "plain")
    view.detected(seen.detection)
    view.stood(seen.frame)
    assert all(picture is seen.frame.evidence for picture in taken.pictures)


def test_a_vehicle_that_stands_is_shown(seen):
    """With no crack drawn, for nobody looked for one."""
    taken = Taken()
    LiveView(taken).stood(seen.frame)
    above = np.s_[:200]
    assert np.array_equal(taken.pictures[0][above], seen.frame.evidence[above])
    assert not np.array_equal(taken.pictures[0][200:], seen.frame.evidence[200:])


def test_without_a_stream_nothing_is_shown(seen):
    """Which costs nothing, and says nothing in the report."""
    info = SourceInfo("clip", 25.0, live=False, start_ns=None, duration_ns=None, time_source="none")
    view = open_live_view(StreamSpec(), info, Conditions())
    view.detected(seen.detection)
    view.stood(seen.frame)
    view.close()
    assert view.counts() is None


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("rtsp://0.0.0.0:8554/live", "a user and a password"),
        ("rtsp://me:pass@0.0.0.0:8554/live", ""),
        ("rtsp://:8554/live", ""),
        ("srt://0.0.0.0:9000?mode=listener", "a passphrase"),
        ("srt://0.0.0.0:9000?mode=listener&passphrase=ten-letters", ""),
        ("srt://office:9000", ""),
        ("udp://192.168.1.7:5000", ""),
    ],
)
def test_a_stream_open_to_all_is_said_once(address, words, monkeypatch):
    """With what to do; not where it has a password, nor where nobody can call."""
    monkeypatch.setattr("edgecrack.streams.outlets.check_installed", lambda _kind: None)
    info = SourceInfo("cam", 25.0, live=True, start_ns=None, duration_ns=None, time_source="clock")
    told = []
    open_live_view(
        StreamSpec(address=address), info, Conditions(lambda change: told.append(str(change)))
    ).close()
    assert len(told) == bool(words)
    assert all("stream: open: " in line and words in line for line in told)


def test_a_file_is_shown_only_at_its_own_pace():
    """As fast as it can be read it would be no view of anything."""
    info = SourceInfo("clip", 25.0, live=False, start_ns=None, duration_ns=None, time_source="none")
    with pytest.raises(UsageError, match="--live"):
        open_live_view(StreamSpec(address="udp://localhost:9"), info, Conditions())
