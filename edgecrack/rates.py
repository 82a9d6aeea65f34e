"""Times and rates over many frames. Pure arithmetic, told the facts.

N frames bound N - 1 intervals, so a rate is (N - 1) over the time between the first and the last.
"""

from __future__ import annotations

import bisect
import math
import random
from dataclasses import dataclass

KEPT = 10_000
"""Values a distribution remembers; beyond it, a fair sample of all (Vitter's algorithm R)."""


BUCKETS_MS = (1.0, 2.5, 5.0, 10.0, 25.0, 50.0, 100.0, 250.0, 500.0, 1e3, 2.5e3, 5e3, 10e3, 30e3)
"""Upper ends of the buckets in which values are counted."""


@dataclass(frozen=True, slots=True)
class Histogram:
    """How many values lay in each bucket.

    Attributes:
        counts: Values up to each of ``BUCKETS_MS`` and above the one before it, and last those
            above all of them.
        total_ms: Sum of all values.
    """

    counts: tuple[int, ...] = (0,) * (len(BUCKETS_MS) + 1)
    total_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class TimeSummary:
    """How long something took, over many frames; None where there is nothing to summarise."""

    count: int = 0
    min_ms: float | None = None
    mean_ms: float | None = None
    p50_ms: float | None = None
    p90_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    max_ms: float | None = None


class Distribution:
    """Values in milliseconds: exact count, mean, extremes; percentiles of a fair sample.

    Memory stays the same however long a run is.

    Args:
        skip: Values left out at the start, while caches fill.

    Example:
        >>> times = Distribution()
        >>> for value in (1.0, 2.0, 3.0, 4.0): times.add(value)
        >>> times.summary().p50_ms, times.summary().max_ms
        (2.0, 4.0)
    """

    def __init__(self, skip: int = 0) -> None:
        self._to_skip = skip
        self.count, self.total_ms = 0, 0.0
        self._least, self._most = math.inf, -math.inf
        self._sample: list[float] = []
        self._counts = [0] * (len(BUCKETS_MS) + 1)
        self._random = random.Random(0)  # noqa: S311  a fair sample needs no secrecy

    def add(self, value_ms: float) -> None:
        """Take one more value."""
        if self._to_skip:
            self._to_skip -= 1
            return
        self.count += 1
        self.total_ms += value_ms
        self._counts[bisect.bisect_left(BUCKETS_MS, value_ms)] += 1
        self._least, self._most = min(self._least, value_ms), max(self._most, value_ms)
        if len(self._sample) < KEPT:
            self._sample.append(value_ms)
            return
        place = self._random.randrange(self.count)
        if place < KEPT:
            self._sample[place] = value_ms

    def histogram(self) -> Histogram:
        """Return how many values lay in each bucket so far."""
        return Histogram(tuple(self._counts), self.total_ms)

    def summary(self) -> TimeSummary:
        """Return what is known of the values so far."""
        if not self.count:
            return TimeSummary()
        ranked = sorted(self._sample)
        p50, p90, p95, p99 = (
            ranked[max(0, math.ceil(len(ranked) * share / 100) - 1)] for share in (50, 90, 95, 99)
        )
        mean = self.total_ms / self.count
        values = (self._least, mean, p50, p90, p95, p99, self._most)
        return TimeSummary(self.count, *(round(value, 3) for value in values))


class RateMeter:
    """Frames a second between the first tick counted and the last.

    Example:
        >>> meter = RateMeter(skip=0)
        >>> for tick in range(11): meter.tick(tick * 100_000_000)
        >>> meter.fps
        10.0
    """

    def __init__(self, skip: int) -> None:
        self._skip = skip
        self._ticks = 0
        self._first_ns: int | None = None
        self._last_ns = 0

    def tick(self, monotonic_ns: int) -> None:
        """Count one frame at this time."""
        self._ticks += 1
        if self._ticks <= self._skip:
            return
        if self._first_ns is None:
            self._first_ns = monotonic_ns
        self._last_ns = monotonic_ns

    @property
    def fps(self) -> float | None:
        """The rate, or None before two frames were counted."""
        counted = self._ticks - self._skip
        if self._first_ns is None or counted < 2 or self._last_ns == self._first_ns:
            return None
        return (counted - 1) * 1e9 / (self._last_ns - self._first_ns)
