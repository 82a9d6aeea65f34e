"""What the meter is told, and what it says at any time."""

from dataclasses import replace

import pytest

from edgecrack.meter import Meter
from edgecrack.records import CrackMeasure
from tests.edgecrack.survey_parts import GEOMETRY, frame, no_detection

MS_NS = 1_000_000


class Clock:
    """Monotonic nanoseconds that a test sets."""

    now_ns = 0

    def __call__(self):
        """Return the time it shows."""
        return self.now_ns


def detection(index, *, at_ns, area_share=0.0, captured_ns=None):
    """Return the detection of a frame that was delivered at a time."""
    seen = no_detection(replace(frame(index, captured_ns=captured_ns), monotonic_ns=at_ns))
    took = {"infer": (0.012, 0.006), "mask": (0.002, 0.001), "measure": (0.001, 0.0005)}
    measure = CrackMeasure(1, area_share, 1, 1.0)
    return replace(seen, took=took, measure=measure, has_crack=area_share > 0)


def measured(frames, warm_up=5):
    """Tell a meter of frames 10 ms apart whose results take 7 ms; return it."""
    clock = Clock()
    meter = Meter(warm_up=warm_up, clock_ns=clock)

    def arriving():
        for index in range(frames):
            clock.now_ns = index * 10 * MS_NS
            yield frame(index)

    for seen in meter.timed(arriving()):
        at_ns = clock.now_ns
        clock.now_ns += 7 * MS_NS
        meter.detected(detection(seen.index, at_ns=at_ns))
        meter.emitted(0.003, 0.002)
    return meter


def test_each_stage_leaves_the_same_warm_up_out():
    """Of 60 frames every stage, and the age of results, count 55."""
    snapshot = measured(60).snapshot()
    counts = {stage: times.count for stage, times in snapshot.times.items()}
    assert counts == dict.fromkeys(("decode", "infer", "mask", "measure", "emit"), 55)
    assert snapshot.capture_to_result_ms.count == 55
    assert snapshot.warm_up_frames == 5


@pytest.mark.parametrize("frames", [0, 1, 5, 6])
def test_a_short_run_is_all_warm_up(frames):
    """No more frames are said to be left out than there were."""
    snapshot = measured(frames).snapshot()
    assert snapshot.warm_up_frames == min(frames, 5)
    assert snapshot.fps_out is None


def test_times_and_rates_are_those_of_the_clock():
    """Waiting 3 ms, inference 12 ms, results after 7 ms, 100 frames a second in and out."""
    snapshot = measured(60).snapshot()
    assert snapshot.times["decode"].p50_ms == 3.0
    assert snapshot.times["infer"].p50_ms == 12.0
    assert snapshot.times["emit"].p50_ms == 3.0
    assert snapshot.capture_to_result_ms.p50_ms == 7.0
    assert snapshot.fps_in == pytest.approx(100)
    assert snapshot.fps_out == pytest.approx(100)


def test_processor_time_counts_every_frame():
    """CPU seconds are summed over all frames, the warm-up included, stage by stage."""
    cpu_s = measured(10).snapshot().cpu_s
    assert cpu_s == pytest.approx(
        {"decode": 0, "infer": 0.06, "mask": 0.01, "measure": 0.005, "emit": 0.02}
    )


def test_previews_cost_processor_time_and_no_frames():
    """What is only shown adds to the CPU time of output; no frame has come out by it."""
    meter = measured(2)
    meter.previewed(9.0, 0.5)
    snapshot = meter.snapshot()
    assert snapshot.cpu_s["emit"] == pytest.approx(0.504)
    assert snapshot.frames_out == 2
    assert snapshot.times["emit"].count == 0


def test_it_can_be_asked_at_any_time():
    """Before the first frame there are no figures, and after each one there are its own."""
    meter = Meter()
    empty = meter.snapshot()
    assert (empty.frames_inferred, empty.mean_crack_share, empty.geometry) == (0, None, None)
    assert (empty.first_ns, empty.last_ns) == (None, None)
    for index, share in enumerate((0.0, 0.1, 0.5)):
        meter.detected(detection(index, at_ns=0, area_share=share, captured_ns=100 + index))
        snapshot = meter.snapshot()
        assert snapshot.frames_inferred == index + 1
        assert (snapshot.first_ns, snapshot.last_ns) == (100, 100 + index)
    assert snapshot.frames_with_crack == 2
    assert snapshot.mean_crack_share == pytest.approx(0.2)
    assert snapshot.geometry == GEOMETRY


def test_waiting_is_not_counted_while_nothing_came():
    """A tick of a silent camera is no frame; the wait goes on to the frame that ends it."""
    clock = Clock()
    meter = Meter(warm_up=0, clock_ns=clock)

    def arriving():
        clock.now_ns = 250 * MS_NS
        yield None
        clock.now_ns = 400 * MS_NS
        yield frame(0)

    assert len(list(meter.timed(arriving()))) == 2
    times = meter.snapshot().times["decode"]
    assert (times.count, times.max_ms) == (1, 400.0)


def test_frames_left_out_are_seen_but_not_inferred():
    """Progress counts them, and the last of them ends the run, though one before it comes later."""
    told = []
    meter = Meter(lambda done, total: told.append((done, total)), expected_frames=3)
    meter.detected(detection(0, at_ns=0, captured_ns=5))
    meter.left_out(frame(2, captured_ns=7), "standstill")
    meter.detected(detection(1, at_ns=0, captured_ns=6))
    snapshot = meter.snapshot()
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert (snapshot.frames_inferred, snapshot.left_out) == (2, {"standstill": 1})
    assert (snapshot.first_ns, snapshot.last_ns) == (5, 7)
