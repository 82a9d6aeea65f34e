"""Collects what a run takes while it goes on: frames counted, rates, times of each stage.

The first frames, while caches fill, are left out of rates and of the times of every stage.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.rates import Distribution, Histogram, RateMeter, TimeSummary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from edgecrack.records import CrackMeasure, Detection, Frame, FrameGeometry, PositionQuality

WARM_UP = 5
"""Frames left out of rates and times at the start of a run."""

STAGES = ("decode", "infer", "mask", "measure", "emit")


@dataclass(frozen=True, slots=True)
class RoadTotals:
    """What all frames say of the road.

    Attributes:
        frames_without_road: Frames that show less than 1 % of it.
        mean_road_share: Mean road over the region, 0 to 1.
        mean_crack_share_of_road: Crack over road, of all frames together, 0 to 1; None without any.
    """

    frames_without_road: int
    mean_road_share: float
    mean_crack_share_of_road: float | None


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a run has come to so far.

    Attributes:
        frames_inferred: Frames that the network has seen.
        left_out: Cause -> frames left out on purpose, such as ``standstill``.
        frames_out: Frames that the sinks have taken.
        frames_with_crack: Frames with a crack large enough to count.
        mean_crack_share: Mean crack area over the region, 0 to 1; None before the first frame.
        road: What the network said of the road; None where it does not say.
        fps_in: Rate at which frames came from the source.
        fps_out: Rate of results.
        warm_up_frames: Frames left out of rates and times.
        times: Stage -> how long it took.
        cpu_s: Stage -> CPU seconds of the threads that could be asked.
        capture_to_result_ms: From the delivery (file) or capture (live) of a frame to its result.
        first_ns: UTC of the first frame, where known.
        last_ns: UTC of the last frame, where known.
        geometry: Picture size and region of the last frame.
    """

    frames_inferred: int
    left_out: Mapping[str, int]
    frames_out: int
    frames_with_crack: int
    mean_crack_share: float | None
    road: RoadTotals | None
    fps_in: float | None
    fps_out: float | None
    warm_up_frames: int
    times: Mapping[str, TimeSummary]
    cpu_s: Mapping[str, float]
    capture_to_result_ms: TimeSummary
    first_ns: int | None
    last_ns: int | None
    geometry: FrameGeometry | None


@dataclass(frozen=True, slots=True)
class Tally:
    """What a run has come to so far, as far as that is known without any arithmetic.

    Attributes:
        frames_inferred: Frames that the network has seen.
        left_out: Cause -> frames left out on purpose.
        frames_out: Frames that the sinks have taken.
        frames_with_crack: Frames with a crack large enough to count.
        qualities: Quality of position -> frames placed like that.
        histograms: Stage -> how long it took.
        capture_to_result: From the delivery or capture of a frame to its result.
        last_frame_ns: Monotonic time of the last frame that came; None before the first.
    """

    frames_inferred: int
    left_out: Mapping[str, int]
    frames_out: int
    frames_with_crack: int
    qualities: Mapping[str, int]
    histograms: Mapping[str, Histogram]
    capture_to_result: Histogram
    last_frame_ns: int | None


class Meter:
    """Collects what a run takes. May be told and asked by several threads.

    Args:
        on_frame: Told after each frame the number seen, and ``expected_frames``; also whenever the
            loop has come round without one.
        expected_frames: How many the source will give, or None.
        warm_up: Frames left out of rates and times.
        clock_ns: Monotonic nanoseconds.
    """

    def __init__(
        self,
        on_frame: Callable[[int, int | None], None] | None = None,
        *,
        expected_frames: int | None = None,
        warm_up: int = WARM_UP,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._expected_frames = expected_frames
        self._on_frame, self._warm_up, self._clock_ns = on_frame, warm_up, clock_ns
        self._lock = threading.Lock()
        self._times = {stage: Distribution(warm_up) for stage in STAGES}
        self._cpu_s = dict.fromkeys(STAGES, 0.0)
        self._age = Distribution(warm_up)
        self._in, self._out = RateMeter(warm_up), RateMeter(warm_up)
        self._inferred = self._emitted = self._with_crack = 0
        self._left_out: Counter[str] = Counter()
        self._qualities: Counter[str] = Counter()
        self._area_share = 0.0
        self._road_shares = _RoadShares()
        self._first_ns: int | None = None
        self._last: Frame | None = None

    def timed(self, frames: Iterable[Frame | None]) -> Iterator[Frame | None]:
        """Yield what ``frames`` yields, noting when each frame came and how long it was awaited."""
        began_ns = self._clock_ns()
        for frame in frames:
            if frame is not None:
                now_ns = self._clock_ns()
                with self._lock:
                    self._times["decode"].add((now_ns - began_ns) / 1e6)
                    self._in.tick(now_ns)
            yield frame
            if frame is not None:
                began_ns = self._clock_ns()

    def detected(self, detection: Detection) -> None:
        """Note that the result of a frame exists now."""
        frame, now_ns = detection.frame, self._clock_ns()
        with self._lock:
            for stage, (wall_s, cpu_s) in detection.took.items():
                self._times[stage].add(1e3 * wall_s)
                self._cpu_s[stage] += cpu_s
            self._out.tick(now_ns)
            self._age.add((now_ns - frame.monotonic_ns) / 1e6)
            self._inferred += 1
            self._with_crack += detection.has_crack
            self._area_share += detection.measure.area_share
            self._road_shares.add(detection.measure)
            self._note(frame)
        self._tell()

    def waited(self) -> None:
        """Note that the loop has come round without a frame."""
        self._tell()

    def left_out(self, frame: Frame, cause: str) -> None:
        """Note that a frame is left out on purpose, and why, such as ``standstill``."""
        with self._lock:
            self._left_out[cause] += 1
            self._note(frame)
        self._tell()

    def placed(self, quality: PositionQuality) -> None:
        """Note how the place of a frame is known."""
        with self._lock:
            self._qualities[quality.value] += 1

    def emitted(self, wall_s: float, cpu_s: float) -> None:
        """Note that the sinks have taken an observation, and what that took."""
        with self._lock:
            self._times["emit"].add(1e3 * wall_s)
            self._cpu_s["emit"] += cpu_s
            self._emitted += 1

    def previewed(self, _wall_s: float, cpu_s: float) -> None:
        """Note CPU time spent on what is only shown; nobody waits for it."""
        with self._lock:
            self._cpu_s["emit"] += cpu_s

    def snapshot(self) -> Snapshot:
        """Return what the run has come to so far; may be asked at any time."""
        with self._lock:
            last = self._last
            return Snapshot(
                frames_inferred=self._inferred,
                left_out=dict(self._left_out),
                frames_out=self._emitted,
                frames_with_crack=self._with_crack,
                mean_crack_share=self._area_share / self._inferred if self._inferred else None,
                road=self._road_shares.totals(),
                fps_in=self._in.fps,
                fps_out=self._out.fps,
                warm_up_frames=min(self._warm_up, self._inferred),
                times={stage: times.summary() for stage, times in self._times.items()},
                cpu_s=dict(self._cpu_s),
                capture_to_result_ms=self._age.summary(),
                first_ns=self._first_ns,
                last_ns=last.captured_ns if last else None,
                geometry=last.geometry if last else None,
            )

    def tally(self) -> Tally:
        """Return what the run has come to so far, at little cost; may be asked at any time."""
        with self._lock:
            last = self._last
            return Tally(
                frames_inferred=self._inferred,
                left_out=dict(self._left_out),
                frames_out=self._emitted,
                frames_with_crack=self._with_crack,
                qualities=dict(self._qualities),
                histograms={stage: times.histogram() for stage, times in self._times.items()},
                capture_to_result=self._age.histogram(),
                last_frame_ns=last.monotonic_ns if last else None,
            )

    def _note(self, frame: Frame) -> None:
        self._first_ns = frame.captured_ns if self._first_ns is None else self._first_ns
        # One that is left out may overtake those that the network is at work on.
        if self._last is None or frame.index >= self._last.index:
            self._last = frame

    def _tell(self) -> None:
        if self._on_frame is not None:
            self._on_frame(self._inferred + self._left_out.total(), self._expected_frames)


class _RoadShares:
    """Sums over the frames of which the network says what is road."""

    def __init__(self) -> None:
        self._frames = self._without_road = 0
        self._road = self._crack = 0.0

    def add(self, measure: CrackMeasure) -> None:
        if measure.road_share is None:
            return
        self._frames += 1
        self._without_road += measure.is_without_road
        self._road += measure.road_share
        self._crack += measure.area_share

    def totals(self) -> RoadTotals | None:
        if not self._frames:
            return None
        crack_of_road = min(self._crack / self._road, 1.0) if self._road else None
        return RoadTotals(self._without_road, self._road / self._frames, crack_of_road)
