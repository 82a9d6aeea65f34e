"""What becomes of each picture for the stream, with the time and the outlets in a test's hand."""

import numpy as np
import pytest

from edgecrack.backoff import Backoff
from edgecrack.errors import SinkError
from edgecrack.streams import MemoryOutlet
from edgecrack.streams.sending import RETRYING, STREAMING, Sending

PICTURE = np.zeros((48, 64, 3), np.uint8)
PX, OTHER_PX = (64, 48), (32, 24)


class Time:
    """Seconds that a test lets pass."""

    now_s = 1000.0

    def __call__(self):
        """Return the time."""
        return self.now_s


class FullOutlet(MemoryOutlet):
    """Is never done with the picture before."""

    def push(self, picture):
        """Take the picture in place of another."""
        super().push(picture)
        return False


class Stream:
    """A stream whose outlets are in memory.

    Attributes:
        time: Its clock.
        outlets: Those opened so far, with the sizes they were opened for.
        notes: What it said of itself.
        errors: What opening raises next, in order.
    """

    def __init__(self, kind=MemoryOutlet, fps=1000.0):
        self.time, self.outlets, self.sizes_px, self.notes, self.errors = Time(), [], [], [], []
        self._kind = kind
        backoff = Backoff(1.0, 8.0, jitter=0.0)
        note = lambda *what: self.notes.append(what)  # noqa: E731
        self.sending = Sending(
            "here", self._open, note, fps=fps, backoff=backoff, clock=self.time
        )  # fmt: skip

    def send(self, times=1, size_px=PX, step_s=0.01):
        """Send pictures, some time apart."""
        for _ in range(times):
            self.sending.send(size_px, lambda: PICTURE)
            self.time.now_s += step_s

    @property
    def dropped(self):
        """The causes that dropped anything."""
        dropped = self.sending.counts().frames_dropped
        return {cause: count for cause, count in dropped.items() if count}

    def _open(self, size_px):
        if self.errors:
            raise SinkError(self.errors.pop(0))
        self.outlets.append(self._kind())
        self.sizes_px.append(size_px)
        return self.outlets[-1]


def test_every_picture_is_sent_and_counted():
    """With one outlet, opened with the first picture and closed at the end."""
    stream = Stream()
    assert stream.outlets == []
    stream.send(5)
    assert [len(outlet.pictures) for outlet in stream.outlets] == [5]
    stream.sending.close()
    stream.sending.close()
    assert stream.outlets[0].closed
    counts = stream.sending.counts()
    assert (counts.frames_sent, counts.restarts, stream.dropped) == (5, 0, {})
    assert (counts.clients, counts.address) == (None, "here")
    assert stream.notes == [(STREAMING, "here")]


def test_what_nobody_watches_is_not_drawn():
    """It is counted, and drawn again as soon as somebody looks."""
    stream = Stream()
    stream.send()
    stream.outlets[0].watched = False
    for _ in range(3):
        stream.sending.send(PX, lambda: pytest.fail("it was drawn"))
    stream.outlets[0].watched = True
    stream.send()
    assert stream.dropped == {"unwatched": 3}
    assert stream.sending.counts().frames_sent == 2


def test_a_slow_outlet_costs_pictures_and_each_is_counted():
    """One that was sent in place of another is sent; the other was left out."""
    stream = Stream(FullOutlet)
    stream.send(4)
    assert stream.dropped == {"behind": 4}
    assert stream.sending.counts().frames_sent == 0


@pytest.mark.parametrize(("step_s", "sent"), [(0.1, 40), (0.025, 41), (0.01, 41)])
def test_no_more_are_sent_than_may_be(step_s, sent):
    """Ten a second of those that come more often; all of those that do not."""
    stream = Stream(fps=10.0)
    stream.send(round(4 / step_s), step_s=step_s)
    counts = stream.sending.counts()
    assert abs(counts.frames_sent - sent) <= 1
    assert counts.frames_sent + counts.frames_dropped["rate"] == round(4 / step_s)


def test_uneven_pictures_are_all_sent():
    """A mean of ten a second may come in pairs."""
    stream = Stream(fps=10.5)
    for _ in range(50):
        stream.send(step_s=0.04)
        stream.send(step_s=0.16)
    assert stream.dropped == {}


def test_a_failure_is_waited_out_longer_each_time():
    """1, 2, 4, 8 and again 8 seconds; meanwhile pictures are counted, and nothing is tried."""
    stream = Stream()
    stream.errors = ["the port is taken"] * 5
    began_s, tried = stream.time.now_s, []
    while stream.outlets == []:
        before = len(stream.errors)
        stream.send(step_s=0.5)
        if len(stream.errors) < before:
            tried.append(stream.time.now_s - began_s - 0.5)
    assert tried == [0, 1, 3, 7, 15]
    assert stream.time.now_s - began_s == 23.5
    assert stream.dropped == {"away": 46}
    assert set(stream.notes) == {(RETRYING, "here: the port is taken"), (STREAMING, "here")}
    assert stream.notes[-1] == (STREAMING, "here")


def test_an_outlet_that_fails_is_opened_again():
    """After the wait; the wait begins anew only behind one that lived for half a minute."""
    stream = Stream()
    waits_s = []
    for lived_s in (0, 0, 0, 31, 0):
        stream.send()
        outlet = stream.outlets[-1]
        stream.time.now_s += lived_s
        outlet.failure = "the disk is full"
        failed_s = stream.time.now_s
        stream.sending.check()
        assert outlet.closed
        assert stream.notes[-1] == (RETRYING, "here: the disk is full")
        while stream.outlets[-1] is outlet:
            stream.send(step_s=0.5)
        waits_s.append(stream.time.now_s - failed_s - 0.5)
    assert waits_s == [1, 2, 4, 1, 2]
    assert stream.sending.counts().restarts == 5


def test_another_size_opens_another_outlet_at_once():
    """The one before is closed first; those who watched it are not forgotten."""
    stream = Stream()
    stream.send()
    stream.outlets[0].clients = 2
    stream.send(size_px=OTHER_PX)
    stream.outlets[1].clients = 1
    assert stream.sizes_px == [PX, OTHER_PX]
    assert stream.outlets[0].closed
    counts = stream.sending.counts()
    assert (counts.clients, counts.restarts, counts.frames_sent) == (3, 1, 2)
