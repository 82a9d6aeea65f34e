"""What tells where the camera was: a log, a receiver, or the pictures themselves."""

import os
import pty

import pytest

from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.positions import PositionSpec
from edgecrack.positions.positioning import LIVE_TRACK_S, Listeners, Positioning, open_positioning
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
from edgecrack.synthetic.position_log import nmea
from tests.edgecrack.survey_parts import SentFixes, picture

SECOND_NS = 10**9
START_NS = 1_780_304_400 * SECOND_NS


def fixes(seconds):
    """Return fixes once a second, driving north."""
    return [
        Fix(START_NS + s * SECOND_NS, 50 + s * 1e-4, 8.0, 100.0, 0.0, 11.0, 0.8)
        for s in range(seconds)
    ]


def detection(captured_ns):
    """Return a detection of a frame taken at this time."""
    image = picture()
    geometry = FrameGeometry(12, 8, Region(0, 0, 12, 8))
    frame = Frame(0, 0, captured_ns, 0, image, image, geometry)
    return Detection(frame, image[..., 0], CrackMeasure(0, 0.0, 0, 0.0), False, "", {})  # noqa: FBT003


@pytest.fixture
def log(tmp_path):
    """Return an NMEA log of ten seconds."""
    path = tmp_path / "drive.nmea"
    path.write_text(nmea(fixes(10)))
    return path


def test_nothing_said_is_no_track():
    """Without a log, a receiver or pictures nothing has a place, and nothing was read."""
    positioning = open_positioning(PositionSpec())
    assert (positioning.track, positioning.receiver, positioning.counts()) == (None, None, None)
    positioning.close()


def test_a_log_is_read_whole_and_counted(log):
    """Its fixes are the track, and what was read and refused is known."""
    positioning = open_positioning(PositionSpec(address=str(log)))
    counts = positioning.counts()
    assert (counts.kept, counts.read["fixes"]) == (10, 10)
    assert set(counts.refused.values()) == {0}
    assert positioning.receiver is None


def test_the_largest_gap_is_the_specs(log):
    """Fixes a second apart are joined by default, and not where half a second is the most."""
    for max_gap_s, quality in ((2.0, "interpolated"), (0.5, "gap")):
        spec = PositionSpec(address=str(log), max_gap_s=max_gap_s)
        place = open_positioning(spec).track.at(START_NS + SECOND_NS // 2)
        assert place.quality.value == quality


def test_a_log_must_overlap_the_recording(log):
    """A recording an hour later is refused; one that touches the last fix is not."""
    spec = PositionSpec(address=str(log))
    end_ns = START_NS + 9 * SECOND_NS
    assert open_positioning(spec, video_span_ns=(end_ns, end_ns + SECOND_NS)).track
    with pytest.raises(InputError):
        open_positioning(spec, video_span_ns=(end_ns + 1, end_ns + SECOND_NS))


def test_a_receiver_fills_a_track_that_forgets():
    """A serial address opens the port; the track keeps the last minute and no more."""
    receiver, port = pty.openpty()
    positioning = open_positioning(PositionSpec(address=f"serial://{os.ttyname(port)}"))
    try:
        for fix in fixes(200):
            positioning.track.add(fix)
        assert len(positioning.track) == LIVE_TRACK_S + 1
        assert positioning.receiver is not None
        assert positioning.counts().read == positioning.receiver.counts
        assert "lost" not in positioning.receiver.counts  # nobody waits for it
    finally:
        positioning.close()
        positioning.close()
        os.close(receiver)
        os.close(port)


def test_a_receiver_that_is_not_there_is_waited_for_when_live(tmp_path):
    """Nothing is raised, nothing has a place, and that it is waited for is told and counted."""
    spec, told = PositionSpec(address=f"serial://{tmp_path}/ttyUSB0"), []
    with pytest.raises(SourceError):
        open_positioning(spec)
    positioning = open_positioning(spec, live=True, listeners=Listeners(told.append))
    assert [change.state.value for change in told] == ["opening"]
    assert "ttyUSB0" in told[0].reason
    geotagger = positioning.geotagger(PositionSpec(max_gap_s=1e-9))
    geotagger.add(detection(START_NS))
    (settled,) = geotagger.settled()
    assert settled.placement.quality is PositionQuality.NONE
    assert positioning.counts().read["openings"] == 1
    positioning.close()


@pytest.mark.parametrize("address", ["serial:///dev/null?baud=1234", "gpsd://:0"])
def test_an_address_that_no_receiver_can_have_is_refused_when_live_too(address):
    """With its code, so that the service does not start again."""
    with pytest.raises(UsageError):
        open_positioning(PositionSpec(address=address), live=True)


@pytest.mark.parametrize("port", ["/dev/null", "/dev"])
def test_what_is_no_receiver_may_become_one_when_live(port):
    """It is waited for, and why is told; where nobody waits it is refused."""
    spec, told = PositionSpec(address=f"serial://{port}"), []
    with pytest.raises(InputError):
        open_positioning(spec)
    open_positioning(spec, live=True, listeners=Listeners(told.append)).close()
    assert [change.state.value for change in told] == ["opening"]
    assert "must be a serial port" in told[0].reason


def test_a_latency_is_taken_off_the_times_of_fixes(log):
    """Of a log here: what is dated a second late was a second earlier."""
    spec = PositionSpec(address=str(log), latency_ms=1000)
    track = open_positioning(spec).track
    assert track.span == (START_NS - SECOND_NS, START_NS + 8 * SECOND_NS)
    assert track.at(START_NS).pose.lat_deg == pytest.approx(50.0001)


@pytest.mark.timeout(60)
def test_a_latency_is_taken_off_the_times_of_a_receiver():
    """As of a log."""
    receiver, port = pty.openpty()
    spec = PositionSpec(address=f"serial://{os.ttyname(port)}", latency_ms=-250)
    positioning = open_positioning(spec, live=True)
    os.write(receiver, nmea(fixes(1)).encode())
    geotagger = positioning.geotagger(spec)
    while positioning.track.last_ns is None:
        assert list(geotagger.settled()) == []
    assert positioning.track.last_ns == START_NS + SECOND_NS // 4
    positioning.close()
    os.close(receiver)
    os.close(port)


def test_a_detection_waits_as_long_as_two_fixes_may_be_apart():
    """A geotagger made here has the spec's patience: with none left, it settles at once."""
    spec = PositionSpec(max_gap_s=1e-9)
    geotagger = Positioning(Track(fixes(1)), SentFixes()).geotagger(spec)
    geotagger.add(detection(START_NS + 1))
    (settled,) = geotagger.settled()
    assert settled.placement.quality is PositionQuality.OUTSIDE
    patient = Positioning(Track(fixes(1)), SentFixes()).geotagger(PositionSpec(max_gap_s=60))
    patient.add(detection(START_NS + 1))
    assert list(patient.settled()) == []


@pytest.mark.parametrize("max_gap_s", [0, -1, 60.1, float("nan")])
def test_a_gap_that_means_nothing_is_refused(max_gap_s):
    """Above 0 and at most a minute."""
    with pytest.raises(ValueError, match="max_gap_s"):
        PositionSpec(max_gap_s=max_gap_s)
