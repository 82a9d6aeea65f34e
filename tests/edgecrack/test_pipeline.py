"""The loop, on a source, a network and sinks in memory: order, ticks, ends of every kind."""

import threading

import pytest

from edgecrack.detector import DetectionSpec, Detector
from edgecrack.errors import BundleError, InputError, SinkError, SourceError
from edgecrack.meter import Meter
from edgecrack.pipeline import ordered_map, survey
from edgecrack.positions.geotag import Geotagger
from edgecrack.positions.track import Track
from edgecrack.records import Fix, PositionQuality
from edgecrack.segmenters import DarkSegmenter
from tests.edgecrack.survey_parts import SentFixes, frame, no_detection, source

PATIENCE_S = 30
SECOND_NS = 10**9


def numbers(items):
    """Return the frame numbers of detections or observations."""
    return [item.frame.index for item in items]


def collect(detections, seen):
    """Append frame numbers to a list that is there even after an error."""
    for detection in detections:
        seen.append(detection.frame.index)


@pytest.mark.parametrize("at_once", [1, 2, 5])
def test_detections_come_in_the_order_of_frames(at_once):
    """Every frame yields one detection, in order, whichever is done first."""
    done = {index: threading.Event() for index in range(20)}

    def detect(of):
        if at_once > 1 and of.index % 2 == 0:  # an even frame is done after the odd one behind it
            assert done[of.index + 1].wait(PATIENCE_S)
        done[of.index].set()
        return no_detection(of)

    assert numbers(ordered_map(detect, map(frame, range(20)), at_once)) == list(range(20))


@pytest.mark.parametrize("at_once", [1, 3])
def test_nothing_yet_is_passed_on(at_once):
    """A tick of the source reaches the loop in its place, and nothing is called for it."""
    assert list(ordered_map(str, [None, 0, None, 1, None], at_once)) == [None, "0", None, "1", None]


def test_no_more_frames_are_held_than_are_worked_on():
    """A slow consumer stops the source: pictures do not pile up."""
    asked = []

    def frames():
        for index in range(100):
            asked.append(index)
            yield frame(index)

    detections = ordered_map(no_detection, frames(), 3)
    for index in range(10):
        assert next(detections).frame.index == index
        assert len(asked) <= index + 5


def test_live_the_next_frame_is_asked_for_when_one_is_done():
    """With one frame at a time none waits, so each is the newest there is."""
    events = []

    def frames():
        for index in range(3):
            events.append(f"asked {index}")
            yield frame(index)

    def detect(of):
        events.append(f"detected {of.index}")
        return no_detection(of)

    list(ordered_map(detect, frames(), 1))
    assert events == [f"{what} {index}" for index in range(3) for what in ("asked", "detected")]


@pytest.mark.parametrize("at_once", [1, 2, 4])
def test_what_was_begun_is_yielded_before_the_sources_error(at_once):
    """A source that breaks after seven frames still gives seven detections, then its error."""
    seen = []
    broken = source(map(frame, range(7)), error=InputError("the file breaks off"))
    with pytest.raises(InputError):
        collect(ordered_map(no_detection, broken, at_once), seen)
    assert seen == list(range(7))


@pytest.mark.parametrize("at_once", [1, 2, 4])
@pytest.mark.parametrize("error", [BundleError("cannot be run"), ZeroDivisionError("a fault")])
def test_an_error_of_the_network_ends_the_loop(at_once, error):
    """What fails in a thread is raised where detections are read, and nobody waits for ever."""

    def detect(of):
        if of.index == 4:
            raise error
        return no_detection(of)

    seen = []
    with pytest.raises(type(error)):
        collect(ordered_map(detect, map(frame, range(50)), at_once), seen)
    assert seen[:4] == [0, 1, 2, 3]
    assert 4 not in seen
    assert seen == sorted(seen)
    assert len(seen) < 4 + 2 * at_once  # what was begun beside it may still come


def carry(frames, geotagger=None, *, at_once=1, write=None, on_frame=None):
    """Run the loop; return what was written."""
    written = []
    survey(
        frames,
        Detector(DarkSegmenter(12, 8), DetectionSpec()),
        geotagger or Geotagger(None),
        write or written.append,
        at_once=at_once,
        meter=Meter(on_frame),
    )
    return written


@pytest.mark.parametrize("at_once", [1, 3])
def test_every_frame_is_detected_placed_and_written(at_once):
    """Ten frames in, ten observations out, in order, each with its place and its crack."""
    track = Track([Fix(second * SECOND_NS, 50.0 + second * 1e-5, 8.0) for second in range(3)])
    frames = [frame(n, crack_columns=n % 2, captured_ns=n * SECOND_NS // 5) for n in range(10)]
    written = carry(frames, Geotagger(track), at_once=at_once)
    assert numbers(written) == list(range(10))
    assert [seen.has_crack for seen in written] == [False, True] * 5
    qualities = [seen.placement.quality for seen in written]
    assert qualities[0] is qualities[5] is PositionQuality.FIX
    assert qualities[3] is PositionQuality.INTERPOLATED


def test_a_silent_camera_does_not_hold_records_back():
    """A fix that arrives while no frame does settles what waits, before the next frame."""
    receiver = SentFixes([Fix(0, 50.0, 8.0)], [], [Fix(SECOND_NS, 50.0001, 8.0)])
    written, at_tick = [], []

    def frames():
        yield frame(0, captured_ns=SECOND_NS // 2)
        yield None
        at_tick.append(len(written))
        yield None
        at_tick.append(len(written))

    carry(frames(), Geotagger(Track(), receiver), write=written.append)
    assert at_tick == [0, 1]
    assert written[0].placement.quality is PositionQuality.INTERPOLATED


@pytest.mark.parametrize("at_once", [1, 3])
def test_what_waits_for_its_place_is_written_at_the_end(at_once):
    """The last frames of a drive have no fix behind them, and are kept all the same."""
    receiver = SentFixes([Fix(0, 50.0, 8.0)])
    frames = [frame(n, captured_ns=n * SECOND_NS // 10) for n in range(5)]
    assert numbers(carry(frames, Geotagger(Track(), receiver), at_once=at_once)) == list(range(5))


@pytest.mark.parametrize("at_once", [1, 3])
def test_what_was_detected_is_written_though_the_source_fails(at_once):
    """Frames that wait for their place when a camera breaks off are not lost with it."""
    receiver, written = SentFixes([Fix(0, 50.0, 8.0)]), []
    frames = [frame(n, captured_ns=(n + 1) * SECOND_NS // 10) for n in range(4)]
    broken = source(frames, error=SourceError("the camera is gone"))
    with pytest.raises(SourceError):
        carry(broken, Geotagger(Track(), receiver), at_once=at_once, write=written.append)
    assert numbers(written) == list(range(4))


def test_what_was_detected_is_written_though_the_receiver_fails():
    """A receiver that goes away ends the run, but not what waited for it."""

    class Gone(SentFixes):
        def poll(self):
            raise SourceError("the receiver is gone")

    written = []
    with pytest.raises(SourceError):
        carry([frame(0, captured_ns=5)], Geotagger(Track(), Gone()), write=written.append)
    assert numbers(written) == [0]


def test_a_sink_that_fails_ends_the_loop():
    """The error of the first write that fails is the one that is raised."""
    written = []

    def write(observation):
        if observation.frame.index == 2:
            raise SinkError("the disk is full")
        written.append(observation)

    with pytest.raises(SinkError):
        carry(map(frame, range(50)), write=write)
    assert numbers(written) == [0, 1]


def test_progress_is_told_frame_by_frame():
    """Whoever shows progress hears of each round, in order; ticks are no frames."""
    told = []
    carry(
        [frame(0), None, frame(1), None, frame(2)],
        on_frame=lambda done, total: told.append((done, total)),
    )
    assert told == [(done, None) for done in (1, 1, 2, 2, 3)]
