"""The thread of the stream: whoever hands it a picture goes on at once, whatever happens there."""

import threading

import numpy as np
import pytest

from edgecrack.streams import MemoryOutlet
from edgecrack.streams.sending import STOPPED, Sending
from edgecrack.streams.streamer import Streamer

PICTURES = [np.full((48, 64, 3), value, np.uint8) for value in range(100)]


class HeldOutlet(MemoryOutlet):
    """Waits in each push until it is let go.

    Attributes:
        entered: Set while a push waits.
        free: Lets it go.
    """

    def __init__(self):
        super().__init__()
        self.entered, self.free = threading.Event(), threading.Event()

    def push(self, picture):
        """Wait, then take the picture."""
        self.entered.set()
        self.free.wait()
        return super().push(picture)


def values(outlet):
    """Return which pictures came."""
    return [int(picture[0, 0, 0]) for picture in outlet.pictures]


def test_the_newest_picture_wins_and_nobody_waits():
    """While one is sent, of all that come only the last is kept; each other is counted."""
    outlet = HeldOutlet()
    streamer = Streamer(Sending("here", lambda _px: outlet, lambda *_note: None, fps=1e9))
    streamer.put((64, 48), lambda: PICTURES[0])
    assert outlet.entered.wait(10)
    for picture in PICTURES[1:]:
        streamer.put((64, 48), picture.copy)
    outlet.entered.clear()
    outlet.free.set()
    assert outlet.entered.wait(10)
    streamer.close()
    streamer.close()
    assert values(outlet) == [0, 99]
    counts = streamer.counts()
    assert (counts.frames_sent, counts.frames_dropped["behind"]) == (2, 98)
    assert outlet.closed


def test_closing_does_not_wait_for_an_outlet_that_hangs(monkeypatch):
    """The run ends all the same."""
    monkeypatch.setattr("edgecrack.streams.streamer.CLOSE_WITHIN_S", 0.1)
    outlet = HeldOutlet()
    streamer = Streamer(Sending("here", lambda _px: outlet, lambda *_note: None))
    streamer.put((64, 48), lambda: PICTURES[0])
    assert outlet.entered.wait(10)
    streamer.close()
    assert not outlet.closed
    outlet.free.set()


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_fault_of_the_program_is_told_and_ends_only_the_stream():
    """Whoever hands over pictures hears nothing of it; who asks after the unit's health does."""
    said, notes = threading.Event(), []

    def note(*what):
        notes.append(what)
        said.set() if what[0] == STOPPED else None

    outlet = MemoryOutlet()
    streamer = Streamer(Sending("here", lambda _px: outlet, note))
    streamer.put((64, 48), PICTURES[100:].pop)
    assert said.wait(10)
    streamer.put((64, 48), lambda: PICTURES[0])
    streamer.close()
    assert outlet.closed
    assert outlet.pictures == []
