"""The loop: order, ends of every kind, and what one look at a frame yields."""

import signal
import threading

import numpy as np
import pytest

from edgecrack.errors import BundleError, InputError
from edgecrack.pipeline import Detector, StopSignal, ordered_map
from edgecrack.records import CrackMeasure, Detection, Frame, Region
from edgecrack.report import Meter
from edgecrack.segmenters import DarkSegmenter
from edgecrack.sources import SourceInfo

PICTURE = np.full((8, 12, 3), 200, np.uint8)
PATIENCE_S = 30


def frame(index, picture=PICTURE, evidence=PICTURE):
    """Return a frame of this number."""
    return Frame(index, index * 40_000_000, None, 0, picture, evidence)


def finding(of):
    """Return a finding that says nothing."""
    return Detection(of, np.zeros((8, 12), np.uint8), CrackMeasure(0, 0.0, 0, 0.0), {})


def numbers(findings):
    """Return the frame numbers of findings."""
    return [each.frame.index for each in findings]


def collect(findings, seen):
    """Append frame numbers to a list that is there even after an error."""
    for each in findings:
        seen.append(each.frame.index)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_findings_come_in_the_order_of_frames(workers):
    """Every frame yields one finding, first come first served, whoever is done first."""
    done = {index: threading.Event() for index in range(20)}

    def look(of):
        if workers > 1 and of.index % 2 == 0:  # each even frame is done after the odd one behind it
            assert done[of.index + 1].wait(PATIENCE_S)
        done[of.index].set()
        return finding(of)

    assert numbers(ordered_map(map(frame, range(20)), look, workers)) == list(range(20))


def test_no_more_frames_are_held_than_are_worked_on():
    """A slow consumer stops the source: pictures do not pile up."""
    asked = []

    def frames():
        for index in range(100):
            asked.append(index)
            yield frame(index)

    findings = ordered_map(frames(), finding, 3)
    for index in range(10):
        assert next(findings).frame.index == index
        assert len(asked) <= index + 5


def test_live_the_next_frame_is_asked_for_when_one_is_done():
    """With one worker no frame waits, so each is the newest there is."""
    said = []

    def frames():
        for index in range(3):
            said.append(f"asked {index}")
            yield frame(index)

    def look(of):
        said.append(f"looked {of.index}")
        return finding(of)

    list(ordered_map(frames(), look, 1))
    assert said == [f"{what} {index}" for index in range(3) for what in ("asked", "looked")]


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_what_was_begun_is_yielded_before_the_sources_error(workers):
    """A source that breaks after seven frames still gives seven findings, and then its error."""

    def frames():
        yield from map(frame, range(7))
        raise InputError("the file breaks off")

    seen = []
    with pytest.raises(InputError, match="breaks off"):
        collect(ordered_map(frames(), finding, workers), seen)
    assert seen == list(range(7))


@pytest.mark.parametrize("workers", [1, 2, 4])
@pytest.mark.parametrize("error", [BundleError("cannot be run"), ZeroDivisionError("a fault")])
def test_an_error_of_a_look_ends_the_loop(workers, error):
    """What fails in a thread is raised where findings are read, and nobody waits for ever."""

    def look(of):
        if of.index == 4:
            raise error
        return finding(of)

    seen = []
    with pytest.raises(type(error), match=str(error)):
        collect(ordered_map(map(frame, range(50)), look, workers), seen)
    assert seen[:4] == [0, 1, 2, 3]
    assert 4 not in seen
    assert seen == sorted(seen)
    assert len(seen) < 4 + 2 * workers


def test_without_a_request_all_frames_pass():
    """A stop that nobody asks for stops nothing."""
    assert [each.index for each in StopSignal().frames(map(frame, range(5)), Meter())] == list(
        range(5)
    )


def test_a_request_in_between_ends_after_the_frame_at_work():
    """Asked while a frame is worked on, there is no next one, and the source is not asked."""
    stop, asked = StopSignal(), []

    def frames():
        for index in range(5):
            asked.append(index)
            yield frame(index)

    seen = []
    for each in stop.frames(frames(), Meter()):
        seen.append(each.index)
        stop(signal.SIGINT, None)
    assert seen == asked == [0]
    assert list(stop.frames(map(frame, range(5)), Meter())) == []


def test_a_request_cuts_the_waiting_for_a_picture_short():
    """A camera that sends nothing does not keep a run from ending; the frames before it count."""
    stop = StopSignal()

    def frames():
        yield frame(0)
        signal.raise_signal(signal.SIGINT)  # arrives while the loop waits for this
        yield frame(1)

    before = signal.signal(signal.SIGINT, stop)
    try:
        seen = [each.index for each in stop.frames(frames(), Meter())]
    finally:
        signal.signal(signal.SIGINT, before)
    assert seen == [0]
    assert stop.asked


def looked(region, evidence_px, size_px=(1920, 1080)):
    """Look at a frame whose network input is dark in its right half."""
    info = SourceInfo(
        name="clip",
        width_px=size_px[0],
        height_px=size_px[1],
        evidence_width_px=evidence_px[0],
        evidence_height_px=evidence_px[1],
        region=region,
        fps=25.0,
        live=False,
        start_ns=None,
        duration_ns=None,
        time_source="none",
    )
    image = PICTURE.copy()
    image[:, 6:] = 0
    evidence = np.full((evidence_px[1], evidence_px[0], 3), 99, np.uint8)
    return Detector(DarkSegmenter(12, 8), info)(frame(3, image, evidence))


def test_a_look_marks_the_region_and_nothing_else():
    """What the network sees in the right half of its input is marked there on the evidence."""
    found = looked(Region(480, 540, 960, 540), (192, 108))
    marked = np.zeros((108, 192), np.uint8)
    marked[54:, 96:144] = 255
    assert np.array_equal(found.mask, marked)
    assert found.frame.index == 3
    assert found.measure.area_px == 48 * 54
    assert found.measure.area_share == 0.5
    assert found.measure.peak_probability == 1.0


def test_a_look_at_all_of_it_fits_pictures_of_any_size():
    """In a directory the pictures may differ; the whole of each is the whole of its mask."""
    found = looked(Region(0, 0, 1920, 1080), (50, 40))
    assert found.mask.shape == (40, 50)
    assert found.measure.area_share == pytest.approx(0.5)


def test_a_look_is_timed_by_stage():
    """Wall and processor seconds of inference, mask and measure come with each finding."""
    took = looked(Region(0, 0, 1920, 1080), (192, 108)).took
    assert list(took) == ["infer", "mask", "measure"]
    assert all(wall_s >= 0 and cpu_s >= 0 for wall_s, cpu_s in took.values())
