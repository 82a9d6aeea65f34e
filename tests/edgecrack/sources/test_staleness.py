"""Cameras whose pictures come ever later: a real RTSP server, and a decoder that is too slow."""

import time
from contextlib import closing
from itertools import accumulate, pairwise

import pytest

from edgecrack.capture_state import CaptureState
from edgecrack.errors import SourceError
from edgecrack.sources import SourceSpec, pipeline_specs
from edgecrack.sources.reconnection import open_returning
from edgecrack.sources.video import VideoSource
from tests.edgecrack.rtsp_server import RtspServer, free_port

INPUTS_PX = [(64, 48)]
MOST_AGE_MS = 400


@pytest.fixture(scope="module")
def camera():
    """Return a camera of 25 pictures a second."""
    with RtspServer(free_port()) as server:
        yield server


@pytest.fixture
def slow_decoder(monkeypatch):
    """Let each picture take 80 ms to decode, twice as long as it lasts."""
    decode = pipeline_specs._DECODE  # noqa: SLF001  what the reader is given
    monkeypatch.setattr(pipeline_specs, "_DECODE", f"{decode} ! identity sleep-time=80000")


def spec_of(camera, **more):
    """Return how to read the camera."""
    wishes = {"most_age_ms": MOST_AGE_MS, "stale_after_s": 1.0}
    return SourceSpec(address=camera.url, decoder="software", **{**wishes, **more})


def ages_ms(source, until):
    """Take frames until a fact is there; return how old each was by its own time."""
    ages = []
    for frame in source:
        if frame is not None:
            ages.append((time.monotonic_ns() - frame.monotonic_ns) / 1e6)
        if until(ages):
            return ages
    raise AssertionError("it ended")


@pytest.mark.usefixtures("slow_decoder")
def test_a_backlog_is_dropped_and_in_the_end_the_camera_opened_anew(camera):
    """No frame is older than the bound beside the promptest; what is dropped is counted."""
    changes = []
    source = open_returning(spec_of(camera), INPUTS_PX, changes.append, lambda *_: None)
    with closing(source):
        begun = []  # how many frames there were at the first of each opening

        def has_come_back(ages):
            if source.counts().interruptions.reconnections > len(begun):
                begun.append(len(ages) - 1)
            return len(begun) == 1

        ages = ages_ms(source, has_come_back)
        counts = source.counts()
    for first, last in pairwise([0, *begun]):
        promptest_ms = list(accumulate(ages[first:last], min))
        late_ms = [age - best for age, best in zip(ages[first:last], promptest_ms, strict=True)]
        assert max(late_ms) < MOST_AGE_MS + 50
    assert counts.stale > 0
    assert counts.dropped >= counts.stale + counts.opening
    assert counts.delivered == len(ages) + counts.dropped
    assert "s late, and no others" in counts.interruptions.last_reason
    reconnecting, capturing = [change.state for change in changes[-2:]]
    assert (reconnecting, capturing) == (CaptureState.RECONNECTING, CaptureState.CAPTURING)


@pytest.mark.usefixtures("slow_decoder")
def test_a_camera_that_is_not_to_come_back_ends_then(camera):
    """It does not go on for ever without a picture."""
    with closing(VideoSource(spec_of(camera), INPUTS_PX)) as source:
        with pytest.raises(SourceError, match="late, and no others"):
            ages_ms(source, lambda _: False)
        assert source.counts().stale > 0


def test_a_camera_that_keeps_pace_loses_nothing(camera):
    """The least bound that may be set costs a prompt camera no picture."""
    with closing(VideoSource(spec_of(camera, most_age_ms=200), INPUTS_PX)) as source:
        ages_ms(source, lambda ages: len(ages) >= 25)
        counts = source.counts()
    assert counts.stale == 0


def test_pictures_that_waited_for_the_network_are_not_taken_for_new(camera):
    """Held from the opening until the first is asked for, they are dropped as of the opening."""
    with closing(VideoSource(spec_of(camera, most_age_ms=1500), INPUTS_PX)) as source:
        opened_s = time.monotonic()
        while time.monotonic() - opened_s < 2.0:
            source.counts()
        (age_ms,) = ages_ms(source, lambda ages: len(ages) == 1)
        counts = source.counts()
    assert age_ms < 2000
    assert counts.opening >= 1
    assert counts.stale == 0


def test_a_live_file_has_no_age(clip):
    """Its times are not of now: however slowly it is read, nothing is dropped as late."""
    spec = SourceSpec(address=str(clip("h264.mp4")), live=True, most_age_ms=200)
    with closing(VideoSource(spec, INPUTS_PX)) as source:
        ages_ms(source, lambda ages: len(ages) >= 10)
        assert source.counts().stale == 0
