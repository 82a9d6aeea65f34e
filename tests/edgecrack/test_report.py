"""Percentiles, rates and the report, against the definitions."""

import json
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.report import STAGES, Distribution, Meter, RateMeter, Totals

SHARES = (50, 90, 95, 99)


def filled(values):
    """Return a distribution of these values."""
    spread = Distribution()
    for value in values:
        spread.add(value)
    return spread


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_nearest_ranks(values):
    """Every figure is NumPy's for the inverted distribution function, rounded to a microsecond."""
    found = filled(values).summary()
    for share in SHARES:
        exact = np.percentile(values, share, method="inverted_cdf")
        assert found[f"p{share}_ms"] == round(float(exact), 3)
    assert found["count"] == len(values)
    assert found["min_ms"] == round(min(values), 3)
    assert found["max_ms"] == round(max(values), 3)
    assert found["mean_ms"] == pytest.approx(np.mean(values), abs=1e-3)


def test_a_long_run_keeps_a_fair_sample():
    """Of 50,000 rising values the extremes are exact, percentiles within one percent of rank."""
    found = filled(float(value) for value in range(50_000)).summary()
    assert (found["count"], found["min_ms"], found["max_ms"]) == (50_000, 0, 49_999)
    for share in SHARES:
        assert found[f"p{share}_ms"] == pytest.approx(500 * share, abs=500)


def test_a_longer_run_takes_no_more_memory():
    """A distribution of 40,000 values is as large as one of 10,000."""
    spread = filled(float(value) for value in range(10_000))
    size = len(pickle.dumps(spread))
    for value in range(30_000):
        spread.add(float(value))
    assert len(pickle.dumps(spread)) < size + 100


def test_nothing_is_no_number():
    """An empty distribution has a count and no figures."""
    found = Distribution().summary()
    assert found.pop("count") == 0
    assert set(found) == set(filled([1.0]).summary()) - {"count"}
    assert set(found.values()) == {None}


@given(st.integers(0, 30), st.integers(0, 10), st.integers(1, 10**9))
def test_frames_bound_one_interval_fewer(ticks, skip, step_ns):
    """A rate is intervals over time; before two frames were counted there is none."""
    meter = RateMeter(skip)
    for tick in range(ticks):
        meter.tick(tick * step_ns)
    if ticks - skip < 2:
        assert meter.fps is None
    else:
        assert meter.fps == pytest.approx(1e9 / step_ns)


def test_frames_at_one_instant_have_no_rate():
    """Two frames at the same time are no infinite rate."""
    meter = RateMeter(skip=0)
    meter.tick(5)
    meter.tick(5)
    assert meter.fps is None


def measured(frames, warm_up=5):
    """Return the report of a run of frames 10 ms apart, each with known times."""
    meter = Meter(warm_up)
    for index in range(frames):
        now_ns = index * 10_000_000
        meter.stage("decode", 0.001)
        meter.arrived(now_ns)
        for stage, cpu_s in (("infer", 0.006), ("mask", 0.001), ("measure", 0.0005)):
            meter.stage(stage, 2 * cpu_s, cpu_s)
        meter.finished(now_ns, now_ns + 7_000_000)
        meter.stage("emit", 0.003, 0.002)
        meter.out += 1
    meter.stage_cpu("infer", 0.001 * frames)
    totals = Totals(frames + 3, {"source": 3}, 1.5, 0.020 * max(frames, 1), 123_456)
    return meter.report(totals)


@pytest.mark.parametrize("frames", [0, 1, 2, 5, 6, 7, 100])
def test_a_report_is_json_however_short_the_run(frames):
    """No run makes a report with a number that JSON does not have."""
    found = measured(frames)
    assert json.loads(json.dumps(found, allow_nan=False)) == found
    assert found["frames_in"] == found["frames_inferred"] + found["frames_dropped"]["source"]
    assert (found["fps_out"] is None) == (frames < 7)
    assert found["warm_up_frames"] == min(frames, 5)


def test_times_leave_the_warm_up_out():
    """Each stage and the age of results count every frame but the first five."""
    found = measured(100)
    counts = {stage: found["stages"][stage]["count"] for stage in ("decode", "infer", "measure")}
    assert counts == dict.fromkeys(counts, 95)
    assert found["capture_to_result_ms"]["count"] == 95
    assert found["capture_to_result_ms"]["p50_ms"] == 7.0
    assert found["fps_in"] == found["fps_out"] == 100.0
    assert found["stages"]["infer"]["p50_ms"] == 12.0


def test_processor_time_is_shared_out_without_rest():
    """What no other stage took is the decoder's, and everything but inference is overhead."""
    found = measured(100)
    each = {stage: found["stages"][stage]["core_ms"] for stage in STAGES}
    assert each == pytest.approx(
        {"decode": 9.5, "infer": 7.0, "mask": 1.0, "measure": 0.5, "emit": 2.0}
    )
    assert found["core_ms_per_frame"] == pytest.approx(sum(each.values())) == 20.0
    assert found["overhead_core_ms"] == 13.0
