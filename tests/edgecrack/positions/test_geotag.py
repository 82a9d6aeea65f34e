"""When a detection has its place: at once from a log, with the next fix from a receiver."""

import numpy as np
import pytest

from edgecrack.errors import SourceError
from edgecrack.positions import geotag
from edgecrack.positions.geotag import Geotagger
from edgecrack.positions.track import Track
from edgecrack.records import (
    CrackMeasure,
    Detection,
    Fix,
    Frame,
    FrameGeometry,
    PositionQuality,
    Region,
)

SECOND_NS = 1_000_000_000
NONE = PositionQuality.NONE
FIX = PositionQuality.FIX
BETWEEN = PositionQuality.INTERPOLATED
OUTSIDE = PositionQuality.OUTSIDE


def detection(time_s):
    """Return the detection of a frame taken at this second, or at no known time."""
    picture = np.zeros((1, 1, 3), np.uint8)
    captured_ns = None if time_s is None else round(time_s * SECOND_NS)
    frame = Frame(0, 0, captured_ns, 0, picture, picture, FrameGeometry(1, 1, Region(0, 0, 1, 1)))
    nothing = CrackMeasure(0, 0.0, 0, 0.0)
    return Detection(frame, picture[..., 0], nothing, has_crack=False, model_sha256="", took={})


def fix(time_s):
    """Return a fix at this second, driving north at 11 m/s."""
    return Fix(round(time_s * SECOND_NS), 50 + time_s * 1e-4, 8.0)


class Receiver:
    """A receiver whose fixes a test sends."""

    def __init__(self):
        self.sent = []

    def poll(self):
        """Return what was sent since."""
        sent, self.sent = self.sent, []
        return sent

    def close(self):
        """Do nothing."""


class Clock:
    """A clock that a test turns."""

    now_s = 0.0

    def __call__(self):
        """Return the time it shows."""
        return self.now_s


@pytest.fixture
def live():
    """Return a geotagger that waits for two seconds, with its receiver and its clock."""
    receiver, clock = Receiver(), Clock()
    return Geotagger(Track(), receiver, patience_s=2.0, clock=clock), receiver, clock


def add(geotagger, time_s):
    """Add the detection of a second, and return what is settled then."""
    geotagger.add(detection(time_s))
    return list(geotagger.settled())


def placed(observations):
    """Return (second, quality, degrees north of 50) of observations."""
    return [
        (
            observation.frame.captured_ns / SECOND_NS,
            observation.placement.quality,
            observation.placement.pose and round(observation.placement.pose.lat_deg - 50, 7),
        )
        for observation in observations
    ]


def test_without_a_track_nothing_has_a_place():
    """No place is a fact, and it is known at once."""
    geotagger = Geotagger(None)
    (only,) = add(geotagger, 1.0)
    assert only.placement.quality is NONE
    assert list(geotagger.rest()) == []


def test_a_recorded_track_places_at_once():
    """From a log each detection has its place, or the reason why not, without waiting."""
    geotagger = Geotagger(Track([fix(0), fix(1), fix(2), fix(9)]))
    observations = [seen for time_s in (-1, 0, 0.5, 5, 9) for seen in add(geotagger, time_s)]
    assert placed(observations) == [
        (-1, OUTSIDE, None),
        (0, FIX, 0.0),
        (0.5, BETWEEN, 0.00005),
        (5, PositionQuality.GAP, None),
        (9, FIX, 0.0009),
    ]


def test_a_frame_without_a_time_has_no_place():
    """A track says nothing about a frame that does not say when it was taken."""
    (only,) = add(Geotagger(Track([fix(0), fix(1)])), None)
    assert only.placement.quality is NONE


def test_a_frame_without_a_time_does_not_wait_for_a_receiver(live):
    """No fix to come could place it."""
    geotagger, _, _ = live
    (only,) = add(geotagger, None)
    assert only.placement.quality is PositionQuality.NO_CLOCK


def test_a_live_detection_waits_for_the_fix_behind_it(live):
    """A place is read between two fixes, never beyond the last one."""
    geotagger, receiver, _ = live
    receiver.sent = [fix(0)]
    assert add(geotagger, 0.4) == []
    assert add(geotagger, 0.8) == []
    receiver.sent = [fix(1)]
    assert placed(add(geotagger, 1.2)) == [(0.4, BETWEEN, 0.00004), (0.8, BETWEEN, 0.00008)]
    receiver.sent = [fix(2), fix(3)]
    assert placed(add(geotagger, 2)) == [(1.2, BETWEEN, 0.00012), (2, FIX, 0.0002)]
    assert list(geotagger.rest()) == []


def test_a_fix_settles_without_another_frame(live):
    """Asked again while the camera is silent, what waited has its place."""
    geotagger, receiver, _ = live
    receiver.sent = [fix(0)]
    assert add(geotagger, 0.5) == []
    receiver.sent = [fix(1)]
    assert placed(geotagger.settled()) == [(0.5, BETWEEN, 0.00005)]


def test_patience_has_an_end(live):
    """When the receiver is silent detections go on after two seconds, in order, unplaced."""
    geotagger, receiver, clock = live
    receiver.sent = [fix(0)]
    assert add(geotagger, 0.5) == []
    clock.now_s = 1.9
    assert add(geotagger, 2.4) == []
    clock.now_s = 2.0
    assert placed(add(geotagger, 2.5)) == [(0.5, OUTSIDE, None)]
    clock.now_s = 4.0
    assert [time_s for time_s, _, _ in placed(geotagger.settled())] == [2.4, 2.5]


def test_memory_of_what_waits_is_limited(live, monkeypatch):
    """However patient, only as many wait as fit; the oldest go on first, without a place."""
    geotagger, _, _ = live
    each_bytes = detection(0).picture_bytes
    monkeypatch.setattr(geotag, "MOST_WAITING_BYTES", 5 * each_bytes)
    observations = [seen for number in range(5 + 7) for seen in add(geotagger, number)]
    assert [time_s for time_s, _, _ in placed(observations)] == list(range(7))
    assert geotagger.waiting_bytes == 5 * each_bytes
    assert len(list(geotagger.rest())) == 5
    assert geotagger.waiting_bytes == 0


def test_the_end_releases_all_that_wait(live):
    """At the end every detection is handed on once, with the place that is known by then."""
    geotagger, receiver, _ = live
    receiver.sent = [fix(0)]
    for time_s in (0.2, 0.6):
        assert add(geotagger, time_s) == []
    assert placed(geotagger.rest()) == [(0.2, OUTSIDE, None), (0.6, OUTSIDE, None)]
    assert list(geotagger.rest()) == []


def test_a_receiver_that_goes_away_is_told(live):
    """Its error passes through, and what waited is still there to be kept."""
    geotagger, receiver, _ = live
    add(geotagger, 0.2)

    def gone():
        raise SourceError("the receiver is gone")

    receiver.poll = gone
    geotagger.add(detection(0.4))
    with pytest.raises(SourceError):
        list(geotagger.settled())
    assert len(list(geotagger.rest())) == 2
