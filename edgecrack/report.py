"""What a run took: frames counted, rates, times of each stage. Pure arithmetic, told the facts.

N frames bound N - 1 intervals, so a rate is (N - 1) over the time between the first and the last.
The first frames, while caches fill, are left out of rates and times, and the report says how many;
of a run that is no longer than that there is nothing to say.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEPT = 10_000
"""Values a distribution remembers; beyond it, a fair sample of all (Vitter's algorithm R)."""

WARM_UP = 5
"""Frames left out of rates and times at the start of a run."""

STAGES = ("decode", "infer", "mask", "measure", "emit")


class Distribution:
    """Values in milliseconds: exact count, mean, extremes; percentiles of a fair sample.

    Memory stays the same however long a run is.

    Example:
        >>> spread = Distribution()
        >>> for value in (1.0, 2.0, 3.0, 4.0): spread.add(value)
        >>> spread.summary()["p50_ms"], spread.summary()["max_ms"]
        (2.0, 4.0)
    """

    def __init__(self) -> None:
        self.count, self.total_ms = 0, 0.0
        self._least, self._most = math.inf, -math.inf
        self._sample: list[float] = []
        self._random = random.Random(0)  # noqa: S311  a fair sample needs no secrecy

    def add(self, value_ms: float) -> None:
        """Take one more value."""
        self.count += 1
        self.total_ms += value_ms
        self._least, self._most = min(self._least, value_ms), max(self._most, value_ms)
        if len(self._sample) < KEPT:
            self._sample.append(value_ms)
            return
        place = self._random.randrange(self.count)
        if place < KEPT:
            self._sample[place] = value_ms

    def summary(self) -> dict[str, float | int | None]:
        """Return count, min, mean, p50, p90, p95, p99, max; None where there is nothing."""
        if not self.count:
            names = ("min_ms", "mean_ms", "p50_ms", "p90_ms", "p95_ms", "p99_ms", "max_ms")
            return {"count": 0, **dict.fromkeys(names)}
        ranked = sorted(self._sample)
        percentiles = {
            f"p{share}_ms": ranked[max(0, math.ceil(len(ranked) * share / 100) - 1)]
            for share in (50, 90, 95, 99)
        }
        values = {"min_ms": self._least, "mean_ms": self.total_ms / self.count, **percentiles}
        rounded = {name: round(value, 3) for name, value in values.items()}
        return {"count": self.count, **rounded, "max_ms": round(self._most, 3)}


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


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run knows only at its end.

    Attributes:
        frames_in: Pictures the decoder delivered.
        dropped: Stage -> pictures given up there.
        wall_s: Wall time of the loop.
        process_cpu_s: CPU time of the whole process over the loop, all threads.
        peak_memory_bytes: Largest resident size of the process.
    """

    frames_in: int
    dropped: Mapping[str, int]
    wall_s: float
    process_cpu_s: float
    peak_memory_bytes: int


class Meter:
    """Collects the times of a run and makes the FPS report of them."""

    def __init__(self, warm_up: int = WARM_UP) -> None:
        self._spread = {stage: Distribution() for stage in STAGES}
        self._core_ms = dict.fromkeys(STAGES, 0.0)
        self._age = Distribution()
        self._in, self._out = RateMeter(warm_up), RateMeter(warm_up)
        self._warm_up = warm_up
        self.inferred = self.out = 0

    def stage(self, stage: str, wall_s: float, cpu_s: float = 0.0) -> None:
        """Add what one frame took in one stage."""
        self._core_ms[stage] += 1e3 * cpu_s
        if self.inferred >= self._warm_up:
            self._spread[stage].add(1e3 * wall_s)

    def stage_cpu(self, stage: str, cpu_s: float) -> None:
        """Add CPU time of a stage that is known only for the whole run."""
        self._core_ms[stage] += 1e3 * cpu_s

    def arrived(self, monotonic_ns: int) -> None:
        """Note that a frame came from the source."""
        self._in.tick(monotonic_ns)

    def finished(self, captured_ns: int, now_ns: int) -> None:
        """Note that a frame's result exists; both times are monotonic."""
        self.inferred += 1
        self._out.tick(now_ns)
        if self.inferred > self._warm_up:
            self._age.add((now_ns - captured_ns) / 1e6)

    def report(self, totals: Totals) -> dict[str, Any]:
        """Return the FPS report, JSON values only. Times and rates leave the warm-up out."""
        frames = max(self.inferred, 1)
        others_ms = sum(self._core_ms.values()) - self._core_ms["decode"]
        core_ms = 1e3 * totals.process_cpu_s
        # GStreamer's threads cannot be asked one by one; what no other stage took is theirs.
        each = {**self._core_ms, "decode": max(core_ms - others_ms, 0.0)}
        stages = {
            stage: {**self._spread[stage].summary(), "core_ms": round(each[stage] / frames, 3)}
            for stage in STAGES
        }
        return {
            "frames_in": totals.frames_in,
            "frames_inferred": self.inferred,
            "frames_dropped": dict(totals.dropped),
            "frames_out": self.out,
            "fps_in": _rounded(self._in.fps),
            "fps_out": _rounded(self._out.fps),
            "wall_s": round(totals.wall_s, 3),
            "warm_up_frames": min(self._warm_up, self.inferred),
            "stages": stages,
            "capture_to_result_ms": self._age.summary(),
            "core_ms_per_frame": round(core_ms / frames, 3),
            "overhead_core_ms": round((core_ms - self._core_ms["infer"]) / frames, 3),
            "peak_memory_bytes": totals.peak_memory_bytes,
        }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
