"""Inference alone: how long one frame takes, how many a second go through, and is it the same."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.bench.result import LEAST_COUNT, Agreement, Latency
from edgecrack.mask import on_road

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edgecrack.records import Answer, RgbImage
    from edgecrack.segmenters import Segmenter

LONGEST_S = 60.0
"""After this long a slow network is timed no more, whatever the count."""

WARM_UP = 10
"""Inferences that are not counted at the start."""


def measure_latency(
    segmenter: Segmenter,
    frames: Sequence[RgbImage],
    duration_s: float,
    clock_s: Callable[[], float] = time.perf_counter,
) -> Latency:
    """Time one inference after the other.

    Args:
        segmenter: What runs the network, all cores on one frame.
        frames: Frames of its size, shown in turns.
        duration_s: How long to go on; at least `LEAST_COUNT` inferences, unless that takes longer
            than `LONGEST_S`.
        clock_s: Seconds.
    """
    shown = cycle(frames)
    for frame in islice(shown, WARM_UP):
        segmenter.answer(frame)
    times_ms: list[float] = []
    began_s = now_s = clock_s()
    for frame in shown:
        segmenter.answer(frame)
        before_s, now_s = now_s, clock_s()
        times_ms.append(1e3 * (now_s - before_s))
        lasted_s = now_s - began_s
        is_enough = lasted_s >= duration_s and len(times_ms) >= LEAST_COUNT
        if is_enough or lasted_s >= max(LONGEST_S, duration_s):
            break
    return summarised(times_ms)


def summarised(times_ms: Sequence[float]) -> Latency:
    """Return the summary of times; percentiles are the value at or above which the rest lies.

    Example:
        >>> summarised([4.0, 1.0, 3.0, 2.0]).p50_ms
        2.0
    """
    ranked = sorted(times_ms)
    shares = (ranked[max(0, -(-len(ranked) * share // 100) - 1)] for share in (50, 90, 95, 99))
    mean_ms = statistics.fmean(ranked)
    p50_ms, p90_ms, p95_ms, p99_ms = (round(each, 3) for each in shares)
    return Latency(
        count=len(ranked),
        min_ms=round(ranked[0], 3),
        mean_ms=round(mean_ms, 3),
        p50_ms=p50_ms,
        p90_ms=p90_ms,
        p95_ms=p95_ms,
        p99_ms=p99_ms,
        max_ms=round(ranked[-1], 3),
        variation=round(statistics.pstdev(ranked) / mean_ms, 4) if mean_ms else 0.0,
    )


def measure_throughput(
    segmenter: Segmenter, frames: Sequence[RgbImage], duration_s: float
) -> tuple[float, float]:
    """Return frames a second and CPU milliseconds a frame, several frames at the same time.

    Args:
        segmenter: What runs the network; as many frames as it wants are worked on at once.
        frames: Frames of its size, shown in turns.
        duration_s: How long to go on; at least `LEAST_COUNT` frames, unless that takes longer than
            `LONGEST_S`. A thread that ends a little before another makes the rate no better.
    """
    share = -(-LEAST_COUNT // segmenter.at_once)
    with ThreadPoolExecutor(segmenter.at_once) as pool:
        list(pool.map(segmenter.answer, islice(cycle(frames), WARM_UP)))
        began_s, began_cpu_s = time.perf_counter(), time.process_time()

        def work(start: int) -> int:
            answered = 0
            for frame in islice(cycle(frames), start, None):
                segmenter.answer(frame)
                answered += 1
                lasted_s = time.perf_counter() - began_s
                is_enough = answered >= share and lasted_s >= duration_s
                if is_enough or lasted_s >= max(LONGEST_S, duration_s):
                    break
            return answered

        count = sum(pool.map(work, range(segmenter.at_once)))
        lasted_s, cpu_s = time.perf_counter() - began_s, time.process_time() - began_cpu_s
    return round(count / lasted_s, 2), round(1e3 * cpu_s / count, 3)


def compare_answers(
    segmenter: Segmenter, reference: Segmenter, frames: Iterable[RgbImage]
) -> Agreement:
    """Say how far the answers of a network are from those of another, over some frames.

    Args:
        segmenter: What is judged.
        reference: What is right: FP32 of the same size.
        frames: Frames of that size.
    """
    count = both_px = either_px = 0
    worst, total, pixels = 0, 0, 0
    for frame in frames:
        answers = segmenter.answer(frame), reference.answer(frame)
        found, wanted = (_mask(answer, reference) for answer in answers)
        levels = np.abs(answers[0].probability.astype(np.int16) - answers[1].probability)
        count, both_px = count + 1, both_px + int((found & wanted).sum())
        either_px += int((found | wanted).sum())
        worst, total = max(worst, int(levels.max())), total + int(levels.sum())
        pixels += levels.size
    return Agreement(
        frames=count,
        mask_iou=round(both_px / either_px, 5) if either_px else 1.0,
        max_difference=round(worst / 255, 4),
        mean_difference=round(total / pixels / 255, 6) if pixels else 0.0,
    )


def _mask(answer: Answer, reference: Segmenter) -> np.ndarray:
    """Return where there is crack on the road, as a run marks it."""
    return on_road(answer, reference.road_threshold) >= reference.threshold
