"""One figure of the benchmark, before and after: better, worse, or within the noise."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from edgecrack.bench.result import Latency

Verdict = Literal["better", "worse", "same"]
CLOSE_SHARE, LOOSE_SHARE = 0.05, 0.10
LEAST_IOU_STEP = 0.001
MEDIAN_TO_MEAN = 1.25
"""The standard error of a median over that of a mean, for times that are about normal."""

RULE = (
    "A figure changed if it differs by more than 5 % of what it was; by more than 10 % for the age "
    "of live results, peak memory and load time, which vary more from run to run. For the median "
    "latency the limit is twice the standard error of the difference of both medians, where that "
    "is more. Dropped frames rose if their share rose at all; agreement with FP32 changed if the "
    "mask IoU differs by more than 0.001."
)


@dataclass(frozen=True, slots=True)
class Change:
    """One figure, before and after.

    Attributes:
        figure: What it is, with its unit.
        before: What it was.
        after: What it is.
        share: Difference over what it was; None where that was 0.
        limit: The difference that is still noise: over what it was, or as it is.
        is_step: Whether the limit is of the difference as it is, of a figure from 0 to 1.
        verdict: Whether it is better or worse, beyond the noise.
    """

    figure: str
    before: float
    after: float
    share: float | None
    limit: float
    is_step: bool
    verdict: Verdict

    def as_markdown(self) -> str:
        """Return the row of a Markdown table."""
        share = "-" if self.share is None else f"{100 * self.share:+.1f} %"
        noise = f"{self.limit:g}" if self.is_step else f"{100 * self.limit:.0f} %"
        return (
            f"| {self.figure} | {self.before:.4g} | {self.after:.4g} | {share} | {noise} | "
            f"{self.verdict} |"
        )


def latency_limit(before: Latency, after: Latency) -> float:
    """Return the difference of two median latencies that is still noise, as a share.

    Twice the standard error of the difference of both medians, from each one's coefficient of
    variation and count, and 5 % at least: one slow moment of a machine touches many inferences,
    so they are not as independent as the standard error has it.
    """
    errors = [times.variation / math.sqrt(max(1, times.count)) for times in (before, after)]
    return max(CLOSE_SHARE, 2 * MEDIAN_TO_MEAN * math.hypot(*errors))


def judge(
    figure: str, before: float, after: float, *, limit: float, more_is_better: bool = False
) -> Change:
    """Return a figure judged by its difference over what it was; from 0, any is a change.

    Example:
        >>> judge("throughput, FPS", 20.0, 22.0, limit=0.05, more_is_better=True).verdict
        'better'
        >>> judge("load time, ms", 200.0, 210.0, limit=0.1).verdict
        'same'
    """
    share = (after - before) / before if before else None
    beyond = abs(share) > limit if share is not None else after != before
    better = (after > before) == more_is_better
    verdict: Verdict = ("better" if better else "worse") if beyond else "same"
    return Change(figure, before, after, share, limit, is_step=False, verdict=verdict)


def judge_step(
    figure: str, before: float, after: float, *, limit: float, more_is_better: bool = False
) -> Change:
    """Return a figure that is itself a share, 0 to 1, judged by its difference.

    Example:
        >>> judge_step("mask IoU", 0.998, 0.997, limit=0.001, more_is_better=True).verdict
        'same'
        >>> judge_step("mask IoU", 0.998, 0.996, limit=0.001, more_is_better=True).verdict
        'worse'
    """
    share = (after - before) / before if before else None
    beyond = round(abs(after - before), 9) > limit  # 0.998 - 0.997 is not more than 0.001
    better = (after > before) == more_is_better
    verdict: Verdict = ("better" if better else "worse") if beyond else "same"
    return Change(figure, before, after, share, limit, is_step=True, verdict=verdict)
