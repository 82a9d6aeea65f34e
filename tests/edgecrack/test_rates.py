"""Percentiles and rates, against the definitions."""

import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.rates import Distribution, RateMeter, TimeSummary

SHARES = (50, 90, 95, 99)


def filled(values, skip=0):
    """Return a distribution of these values."""
    times = Distribution(skip)
    for value in values:
        times.add(value)
    return times


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300))
def test_percentiles_are_nearest_ranks(values):
    """Every figure is NumPy's for the inverted distribution function, rounded to a microsecond."""
    summary = filled(values).summary()
    for share in SHARES:
        exact = np.percentile(values, share, method="inverted_cdf")
        assert getattr(summary, f"p{share}_ms") == round(float(exact), 3)
    assert summary.count == len(values)
    assert summary.min_ms == round(min(values), 3)
    assert summary.max_ms == round(max(values), 3)
    assert summary.mean_ms == pytest.approx(np.mean(values), abs=1e-3)


def test_a_long_run_keeps_a_fair_sample():
    """Of 50,000 rising values the extremes are exact, percentiles within one percent of rank."""
    summary = filled(float(value) for value in range(50_000)).summary()
    assert (summary.count, summary.min_ms, summary.max_ms) == (50_000, 0, 49_999)
    for share in SHARES:
        assert getattr(summary, f"p{share}_ms") == pytest.approx(500 * share, abs=500)


def test_each_percentile_is_the_one_of_its_name():
    """Of the numbers 1 to 200 the 99th percentile is 198, and so on."""
    summary = filled(float(value) for value in range(1, 201)).summary()
    assert [getattr(summary, f"p{share}_ms") for share in SHARES] == [100, 180, 190, 198]


def test_nothing_is_left_out_unless_asked_for():
    """A distribution counts its first value."""
    times = Distribution()
    times.add(7.0)
    assert times.summary().count == 1


def test_a_longer_run_takes_no_more_memory():
    """A distribution of 40,000 values is as large as one of 10,000."""
    times = filled(float(value) for value in range(10_000))
    size = len(pickle.dumps(times))
    for value in range(30_000):
        times.add(float(value))
    assert len(pickle.dumps(times)) < size + 100


def test_the_first_values_are_left_out():
    """Of seven values five are skipped, and the others are all there is."""
    summary = filled([9.0] * 5 + [1.0, 2.0], skip=5).summary()
    assert (summary.count, summary.min_ms, summary.max_ms) == (2, 1.0, 2.0)


def test_nothing_is_no_number():
    """An empty distribution has a count and no figures."""
    assert Distribution().summary() == TimeSummary(0, None, None, None, None, None, None, None)


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
