"""Inference alone: what is counted, for how long, and how far two networks are apart."""

import numpy as np
import pytest

from edgecrack.bench.inference import (
    LONGEST_S,
    WARM_UP,
    compare_answers,
    measure_latency,
    measure_throughput,
    summarised,
)
from edgecrack.bench.result import LEAST_COUNT
from edgecrack.records import Answer
from edgecrack.segmenters import DarkSegmenter

FRAMES = [np.full((8, 12, 3), level, np.uint8) for level in (0, 100, 200)]


class Timed(DarkSegmenter):
    """Answers at once, and moves a clock on by what the next inference takes."""

    def __init__(self, *times_s):
        super().__init__(12, 8, live=True)
        self.now_s, self.answered, self._times_s = 0.0, 0, times_s

    def answer(self, image):
        """Take the time of this inference; the last goes on for ever."""
        self.now_s += self._times_s[min(self.answered, len(self._times_s) - 1)]
        self.answered += 1
        return super().answer(image)


def test_the_warm_up_is_not_counted_and_at_least_a_hundred_are():
    """However short the time that was asked for."""
    segmenter = Timed(*[5.0] * WARM_UP, 0.01)
    latency = measure_latency(segmenter, FRAMES, 0.1, lambda: segmenter.now_s)
    assert latency.count == LEAST_COUNT
    assert (latency.min_ms, latency.p50_ms, latency.max_ms) == pytest.approx((10, 10, 10))
    assert latency.variation == pytest.approx(0, abs=1e-3)


def test_a_longer_time_is_used_to_its_end():
    """More inferences than the least, if there is time for them."""
    segmenter = Timed(0.25)
    assert measure_latency(segmenter, FRAMES, 50.0, lambda: segmenter.now_s).count == 200


def test_a_slow_network_is_not_timed_for_ever():
    """After a minute it is enough, whatever the count."""
    segmenter = Timed(2.0)
    latency = measure_latency(segmenter, FRAMES, 1.0, lambda: segmenter.now_s)
    assert latency.count == LONGEST_S / 2


def test_a_summary_has_the_ranks_that_it_says():
    """Of a hundred values the 95th is the 95th percentile; the spread is over the mean."""
    latency = summarised([float(value) for value in range(100, 0, -1)])
    assert (latency.count, latency.min_ms, latency.max_ms) == (100, 1, 100)
    assert (latency.p50_ms, latency.p90_ms, latency.p95_ms, latency.p99_ms) == (50, 90, 95, 99)
    assert latency.mean_ms == 50.5
    assert latency.variation == pytest.approx(28.866 / 50.5, abs=1e-4)


def test_the_line_of_trtexec_has_its_shape():
    """Name, unit and order are those that people know."""
    line = summarised([1.0, 2.0, 4.0]).as_trtexec()
    assert line == (
        "Latency: min = 1 ms, max = 4 ms, mean = 2.333 ms, median = 2 ms, "
        "percentile(90%) = 4 ms, percentile(95%) = 4 ms, percentile(99%) = 4 ms"
    )


def test_throughput_counts_what_all_threads_have_answered():
    """Several frames at the same time, each thread three at least."""
    segmenter = DarkSegmenter(12, 8)
    fps, core_ms = measure_throughput(segmenter, FRAMES, 0.02)
    assert fps > 0
    assert core_ms > 0


class Fixed(DarkSegmenter):
    """Answers what it was given."""

    def __init__(self, *probabilities):
        super().__init__(12, 8, live=True)
        self._planes = iter(probabilities)

    def answer(self, image):
        """Return the next."""
        del image
        return Answer(next(self._planes))


def plane(columns, level=255):
    """Return a probability of a level in the first columns, else 0."""
    made = np.zeros((8, 12), np.uint8)
    made[:, :columns] = level
    return made


def test_agreement_takes_all_frames_together():
    """Masks by the pixels of all frames; the worst and the mean difference of all levels."""
    found = compare_answers(
        Fixed(plane(6), plane(0)), Fixed(plane(4), plane(0, 0)), [FRAMES[0], FRAMES[1]]
    )
    assert found.frames == 2
    assert found.mask_iou == pytest.approx(4 / 6, abs=1e-5)
    assert found.max_difference == 1.0
    assert found.mean_difference == pytest.approx(2 / 24, abs=1e-6)


def test_two_empty_masks_agree():
    """An IoU of nothing with nothing is 1, and a difference below the threshold is still told."""
    found = compare_answers(Fixed(plane(3, 100)), Fixed(plane(3, 49)), FRAMES[:1])
    assert (found.mask_iou, found.max_difference) == (1.0, 0.2)
