"""A run that goes on as fast as it can: does memory grow, does it slow down, how hot is it?"""

from __future__ import annotations

import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from edgecrack.bench.apart import apart
from edgecrack.bench.memory import memory_bytes
from edgecrack.bench.sensors import SensorLog, SensorSummary
from edgecrack.config import RunConfig
from edgecrack.doctor.line import fail, ok, warn
from edgecrack.doctor.power import HOT_C
from edgecrack.first_hour.step import Outcome
from edgecrack.run import run
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec
from edgecrack.stop_signal import StopSignal

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.doctor.line import Finding
    from edgecrack.first_hour.plan import Plan
    from edgecrack.segmenters import ModelSpec

SOURCE = "test:?width=1280&height=720&fps=30&frames=2000000000"
READINGS = 60
LEAST_READINGS = 9
"""Fewer say nothing of a change."""
MOST_GROWTH_SHARE, MOST_GROWTH_BYTES = 0.05, 32_000_000
"""Memory that grows by more than both, from the second third to the last, goes on growing."""
MOST_SLOWING = 0.15


@dataclass(frozen=True, slots=True)
class Reading:
    """How far the run was at one time.

    Attributes:
        at_s: Seconds since its first frame.
        frames: Frames done.
        memory_bytes: Resident size of the process; None where nothing tells it.
    """

    at_s: float
    frames: int
    memory_bytes: int | None


@dataclass(frozen=True, slots=True)
class Soak:
    """What a soak came to.

    Attributes:
        backend: What ran the network.
        precision: Its precision as inspected.
        frames: Frames done.
        fps: Results a second; None where there were too few.
        frame_ms_first: Mean time from frame to frame in the first third; None where not known.
        frame_ms_last: The same in the last third.
        infer_p50_ms: Median time of one inference.
        infer_p99_ms: 99 % took at most this.
        memory_bytes: Resident size in the second third; None where not known.
        memory_growth_bytes: By how much it was larger in the last third; None where not known.
        sensors: Power, temperature and clocks meanwhile; None where nothing tells them.
    """

    backend: str
    precision: str
    frames: int
    fps: float | None
    frame_ms_first: float | None
    frame_ms_last: float | None
    infer_p50_ms: float | None
    infer_p99_ms: float | None
    memory_bytes: int | None
    memory_growth_bytes: int | None
    sensors: SensorSummary | None


def soak_board(plan: Plan) -> Outcome:
    """Soak this machine in a new process.

    Raises:
        EdgecrackError: The run failed, or its process died.
    """
    result: Soak = apart("the soak", soak, plan.model(), plan.soak_s)
    return Outcome(verdict(result), asdict(result))


def soak(model: ModelSpec, duration_s: float) -> Soak:
    """Survey a test picture for some time, every mask and picture written and thrown away.

    Args:
        model: Bundle, backend, precision and size.
        duration_s: How long, from the first frame.

    Raises:
        EdgecrackError: The run failed.
    """
    stop = StopSignal()
    watch = _Watch(stop, duration_s)
    with tempfile.TemporaryDirectory(prefix="edgecrack-soak-") as folder, SensorLog() as sensors:
        config = RunConfig(
            source=SourceSpec(address=SOURCE),
            model=model,
            output=OutputSpec(folder=Path(folder) / "run", all_masks=True),
        )
        report = run(config, stop, watch).report
    frame_ms, memory = frame_times_ms(watch.readings), memory_change_bytes(watch.readings)
    return Soak(
        backend=report.backend,
        precision=report.precision,
        frames=report.frames_out,
        fps=report.fps_out,
        frame_ms_first=frame_ms[0],
        frame_ms_last=frame_ms[1],
        infer_p50_ms=report.stages["infer"].p50_ms,
        infer_p99_ms=report.stages["infer"].p99_ms,
        memory_bytes=memory[0],
        memory_growth_bytes=memory[1],
        sensors=sensors.summary(),
    )


class _Watch:
    """Notes from time to time how far a run is, and asks for its end in time."""

    def __init__(self, stop: StopSignal, duration_s: float) -> None:
        self._stop, self._duration_s = stop, duration_s
        self._began_s: float | None = None
        self.readings: list[Reading] = []

    def __call__(self, what: str, done: int, _total: int | None) -> None:
        """Take in how many frames are done; what else is counted comes before the first."""
        if what != "frames":
            return
        now_s = time.monotonic()
        if self._began_s is None:
            self._began_s = now_s
        at_s = now_s - self._began_s
        if not self.readings or at_s >= self.readings[-1].at_s + self._duration_s / READINGS:
            self.readings.append(Reading(at_s, done, memory_bytes()))
        if at_s >= self._duration_s:
            self._stop.ask()


def frame_times_ms(readings: Sequence[Reading]) -> tuple[float | None, float | None]:
    """Return the mean time from frame to frame in the first and in the last third.

    Example:
        >>> frame_times_ms([Reading(0.1 * number, number, None) for number in range(9)])
        (100.0, 100.0)
    """
    if len(readings) < LEAST_READINGS:
        return None, None
    third = len(readings) // 3
    return _frame_ms(readings[:third]), _frame_ms(readings[-third:])


def _frame_ms(readings: Sequence[Reading]) -> float | None:
    frames = readings[-1].frames - readings[0].frames
    lasted_s = readings[-1].at_s - readings[0].at_s
    return round(1e3 * lasted_s / frames, 3) if frames else None


def memory_change_bytes(readings: Sequence[Reading]) -> tuple[int | None, int | None]:
    """Return the median size in the second third, and by how much it is larger in the last.

    In the first third caches and buffers fill.
    """
    sizes = [each.memory_bytes for each in readings if each.memory_bytes is not None]
    if len(sizes) < LEAST_READINGS:
        return None, None
    third = len(sizes) // 3
    before, after = median(sizes[third:-third]), median(sizes[-third:])
    return round(before), round(after - before)


def verdict(result: Soak) -> Finding:
    """Say whether a machine could go on like this all day."""
    says = f"{result.frames} frames with {result.backend} {result.precision}"
    slowing = _slowing(result)
    says += "; too short to see a change" if slowing is None else f"; {slowing:+.0%} a frame"
    if result.memory_growth_bytes is not None:
        says += f"; memory {result.memory_growth_bytes / 1e6:+.0f} MB"
    hottest = result.sensors.hottest_c if result.sensors else None
    says += f"; up to {hottest.max:.0f} °C" if hottest else "; temperature not known"
    if _grows(result):
        return fail(
            f"{says}: memory goes on growing", "send the file: this is a fault of edgecrack"
        )
    if hottest is not None and hottest.max >= HOT_C:
        return fail(
            f"{says}: too hot", "cool the board, or choose a lower power mode, and run again"
        )
    if slowing is not None and slowing > MOST_SLOWING:
        return warn(
            f"{says}: it slows down",
            "cool the board, end other programs, or choose a power mode that it can hold",
        )
    return ok(says)


def _slowing(result: Soak) -> float | None:
    if not result.frame_ms_first or not result.frame_ms_last:
        return None
    return result.frame_ms_last / result.frame_ms_first - 1


def _grows(result: Soak) -> bool:
    if result.memory_bytes is None or result.memory_growth_bytes is None:
        return False
    most = max(MOST_GROWTH_BYTES, MOST_GROWTH_SHARE * result.memory_bytes)
    return result.memory_growth_bytes > most
