"""A source that comes back, whatever its openings do: in memory, on a clock that the test turns."""

import threading
from contextlib import closing

import pytest

from edgecrack.capture_state import CaptureState, StateChange
from edgecrack.errors import EdgecrackError, InputError, RegionError, SourceError, UsageError
from edgecrack.sources import MemorySource, SourceInfo
from edgecrack.sources.supervised import MOST_HANGING, SLICE_S, SupervisedSource, Supervision
from tests.edgecrack.survey_parts import frame

OPENING, CAPTURING, RECONNECTING = CaptureState
INFO = SourceInfo("cam", 25.0, True, None, None, "clock", (12, 8))  # noqa: FBT003
GONE = SourceError("the camera is gone")


class Camera:
    """Opens one source after the other; each is what a test says: a source, frames, or an error.

    Attributes:
        asked: The inputs that each opening was asked for.
        opened: The sources that were opened.
        changes: What was told of the state.
        waits_s: The waits that were asked for.
        now_s: What the clock shows; each wait moves it on.
    """

    def __init__(self, *openings) -> None:
        self._openings = list(openings)
        self.asked, self.opened, self.changes, self.waits_s = [], [], [], []
        self.now_s = 100.0

    def open(self, inputs_px, is_wanted):
        """Do what the test says of this opening."""
        self.asked.append(inputs_px)
        what = self._openings.pop(0) if self._openings else GONE
        if callable(what):
            what = what(is_wanted)
        if isinstance(what, Exception):
            raise what
        self.opened.append(what if isinstance(what, MemorySource) else memory_source(*what))
        return self.opened[-1]

    def wait(self, event, seconds):
        """Let the time pass at once; what another thread does then still has its moment."""
        self.waits_s.append(seconds)
        event.wait(0.0005)
        self.now_s += seconds

    def supervised(self, stale_after_s=5.0):
        """Return the source."""
        how = Supervision(
            stale_after_s,
            self.changes.append,
            clock_s=lambda: self.now_s,
            wait=self.wait,
        )
        return SupervisedSource(self.open, [(12, 8), (8, 12)], how)


def memory_source(seen, error):
    """Return a source of these frames that ends like this."""
    return MemorySource(seen, INFO, error)


def frames(*numbers):
    """Return frames of these numbers."""
    return [frame(number, captured_ns=number) for number in numbers]


def taken(rounds, count):
    """Return the next frames, so many, without the rounds in which there was none."""
    seen = []
    for one in rounds:
        seen += [one] * (one is not None)
        if len(seen) == count:
            return seen
    raise AssertionError("it ended")


@pytest.mark.parametrize(
    ("end", "reason"),
    [
        (GONE, "the camera is gone"),
        (None, "cam ended"),
        (InputError("cam cannot be decoded"), "cam cannot be decoded"),
        (UsageError("the region leaves the picture"), "the region leaves the picture"),
    ],
)
def test_however_it_ends_it_is_opened_again(end, reason):
    """An error of any kind, and the end of the stream: closed, opened anew, and counted on."""
    camera = Camera((frames(0, 1), end), (frames(0, 2), None))
    with closing(camera.supervised()) as source:
        assert [one.index for one in taken(source, 4)] == [0, 1, 2, 4]
        counts = source.counts()
    assert camera.opened[0].closed
    assert camera.changes == [
        StateChange(OPENING), StateChange(CAPTURING), StateChange(RECONNECTING, reason),
        StateChange(CAPTURING),
    ]  # fmt: skip
    assert counts.delivered == 4
    assert counts.interruptions.reconnections == 1
    assert counts.interruptions.last_reason == reason
    assert 0.4 <= counts.interruptions.without_pictures_s < 2


def test_one_that_falls_silent_is_given_up():
    """No picture for the limit, and no error either: the driver hangs, or the server."""

    def silent(_is_wanted):
        source = MemorySource([], INFO)
        source.__class__ = type("Silent", (MemorySource,), {"__iter__": lambda _self: rounds()})
        return source

    def rounds():
        yield frame(0)
        while True:
            camera.now_s += SLICE_S
            yield None

    camera = Camera(silent, silent)
    with closing(camera.supervised(stale_after_s=3)) as source:
        taken(source, 2)
        seen = source.counts().interruptions
    assert seen.last_reason == "cam has given no picture for 3 s"
    assert 3 < seen.without_pictures_s < 5


def test_the_time_that_the_loop_takes_is_no_silence():
    """A network that needs longer than the limit for a frame gives up no camera."""
    camera = Camera(([frame(0), None, frame(1), None, frame(2)], None))
    with closing(camera.supervised()) as source:
        for one in source:
            camera.now_s += 60
            if one is not None and one.index == 2:
                break
    assert RECONNECTING not in {change.state for change in camera.changes}


def test_waits_grow_until_a_picture_comes_and_no_round_is_longer_than_a_quarter_second():
    """Half a second, one, two: within a fifth; after a picture it begins anew."""
    camera = Camera((frames(0), None), GONE, GONE, (frames(0), None), (frames(0), None))
    with closing(camera.supervised()) as source:
        rounds, began_s = iter(source), camera.now_s
        taken(rounds, 2)
        waited_s = camera.now_s - began_s
        again_s = camera.now_s
        taken(rounds, 1)
    assert 0.8 * 3.5 <= waited_s <= 1.2 * 3.5 + 12 * SLICE_S
    assert camera.now_s - again_s < 0.6 + 6 * SLICE_S
    assert max(camera.waits_s) <= SLICE_S


def test_what_is_not_there_yet_is_waited_for_and_each_reason_is_told_once():
    """Before the first picture it is opening, for as long as it takes."""
    busy = SourceError("rtsp://me:secret@cam/1 is busy")
    camera = Camera(GONE, GONE, busy, GONE, (frames(0), None))
    with closing(camera.supervised()) as source:
        assert source.info == INFO
        assert source.counts().interruptions.waited_s >= 0.8 * 7.5
    assert [str(change) for change in camera.changes] == [
        "opening", "opening: the camera is gone", "opening: rtsp://***@cam/1 is busy",
        "opening: the camera is gone", "capturing",
    ]  # fmt: skip


def test_a_camera_that_comes_up_in_a_mode_too_small_for_the_region_is_waited_for():
    """What depends on the picture that came may pass; meanwhile the reason is told."""
    small = RegionError("the region must lie inside the picture, which is 8x6")
    camera = Camera(small, small, (frames(0), None))
    with closing(camera.supervised()) as source:
        assert source.counts().interruptions.waited_s >= 0.8 * 1.5
    assert [str(change) for change in camera.changes] == [
        "opening", f"opening: {small}", "capturing",
    ]  # fmt: skip


@pytest.mark.parametrize("error", [UsageError("no"), InputError("no"), EdgecrackError("no")])
def test_what_can_never_work_ends_it_with_its_own_error(error):
    """Only a source that may come back is waited for."""
    with pytest.raises(type(error)):
        Camera(GONE, error).supervised()


def test_the_input_that_was_chosen_first_is_kept():
    """The network is loaded for it: a camera that comes back with other pictures is scaled."""
    camera = Camera((frames(0), None), (frames(0), None))
    with closing(camera.supervised()) as source:
        taken(source, 2)
    assert camera.asked == [[(12, 8), (8, 12)], [(12, 8)]]


class Stuck:
    """Something that does not return until the test lets it."""

    def __init__(self) -> None:
        self.is_over = threading.Event()

    def opening(self, _is_wanted):
        """Open nothing, for a long time."""
        self.is_over.wait()
        return GONE

    def source(self, _is_wanted):
        """Return a source of one frame that does not close."""
        source = MemorySource(frames(0), INFO)
        wait = self.is_over.wait
        source.__class__ = type("Stuck", (MemorySource,), {"close": lambda _self: wait()})
        return source


@pytest.fixture
def stuck():
    """Return something stuck, let go at the end."""
    stuck = Stuck()
    yield stuck
    stuck.is_over.set()


def test_a_close_that_hangs_is_left_behind_and_counted(stuck):
    """The next opening goes on without it, after some seconds."""
    camera = Camera(stuck.source, (frames(0, 1), None))
    with closing(camera.supervised()) as source:
        assert [one.index for one in taken(source, 3)] == [0, 1, 2]
        assert source.counts().interruptions.abandoned == 1


def test_openings_that_hang_end_the_run_before_they_pile_up(stuck):
    """Each holds a thread: what a new process cures, a new process has to."""
    camera = Camera((frames(0), None), *[stuck.opening] * 9)
    with closing(camera.supervised()) as source, pytest.raises(SourceError, match="4 openings"):
        taken(source, 2)
    assert source.counts().interruptions.abandoned == MOST_HANGING + 1
    assert len(camera.asked) == MOST_HANGING + 2


def test_an_opening_is_told_when_it_is_not_wanted_any_more():
    """Ctrl-C while a camera is waited for leaves no thread behind."""
    threads = []

    def endless(_inputs_px, is_wanted):
        threads.append(threading.current_thread())
        while is_wanted():
            threading.Event().wait(0.001)
        raise GONE

    def interrupt(_event, _seconds):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        SupervisedSource(endless, [(12, 8)], Supervision(wait=interrupt))
    assert not threads[0].is_alive()


def test_closing_ends_the_frames():
    """From then on there are none, and a second close is harmless."""
    camera = Camera((frames(0, 1, 2), None))
    source = camera.supervised()
    seen = iter(source)
    assert next(seen).index == 0
    source.close()
    source.close()
    assert list(seen) == []
    assert camera.opened[0].closed


def test_another_input_holds_for_all_that_is_opened_later():
    """What is open is asked to scale for it at once, and the next opening from its beginning."""
    camera = Camera((frames(0, 1), None), (frames(0), None))
    refitted = []
    with closing(camera.supervised()) as source:
        camera.opened[0].refit = refitted.append
        pictures = filter(None, source)
        next(pictures)
        source.refit((8, 12))
        next(pictures)
        next(pictures)
    assert refitted == [(8, 12)]
    assert [list(asked) for asked in camera.asked] == [[(12, 8), (8, 12)], [(8, 12)]]
    assert source.info.input_px == (8, 12)
