"""Two results of the benchmark side by side: what is better, what is worse, what is noise."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from edgecrack.bench.bench_file import load_bench
from edgecrack.bench.change import (
    CLOSE_SHARE,
    LEAST_IOU_STEP,
    LOOSE_SHARE,
    RULE,
    judge,
    judge_step,
    latency_limit,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bench.bench_file import BenchFile
    from edgecrack.bench.change import Change
    from edgecrack.bench.result import BenchResult, Row

__all__ = ["Comparison", "VariantComparison", "compare", "load_bench"]


@dataclass(frozen=True, slots=True)
class VariantComparison:
    """One variant that both files have.

    Attributes:
        variant: Backend, precision and size.
        changes: Every figure that both have.
        notes: What cannot be compared.
    """

    variant: str
    changes: tuple[Change, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two results of the benchmark.

    Attributes:
        before: Name of the first file.
        after: Name of the second.
        differences: Where they are not of the same thing: device, model, version, video.
        variants: Those that both have.
        only_before: Variants that only the first has.
        only_after: Variants that only the second has.
        now_failing: Variant that the first has and that failed in the second -> why.
    """

    before: str
    after: str
    differences: tuple[str, ...]
    variants: tuple[VariantComparison, ...]
    only_before: tuple[str, ...]
    only_after: tuple[str, ...]
    now_failing: dict[str, str]

    @property
    def got_worse(self) -> bool:
        """Whether a figure of a variant is worse beyond the noise, or a variant fails now."""
        verdicts = {change.verdict for variant in self.variants for change in variant.changes}
        return "worse" in verdicts or bool(self.now_failing)

    def as_json(self) -> dict[str, Any]:
        """Return JSON values, with the rule by which they were judged."""
        return {**asdict(self), "got_worse": self.got_worse, "rule": RULE}

    def as_text(self) -> str:
        """Return Markdown that is legible as it is, with only the figures that changed."""
        lines = [f"# {self.after} compared with {self.before}", ""]
        if self.differences:
            lines += ["**The figures are not of the same thing:**", ""]
            lines += [*(f"- {difference}" for difference in self.differences), ""]
        for name, why in self.now_failing.items():
            lines += [f"**{name} failed in {self.after}:** {why}", ""]
        for variant in self.variants:
            lines += [*_variant_lines(variant), ""]
        for names, file in ((self.only_before, self.before), (self.only_after, self.after)):
            lines += [f"- {name}: only in {file}" for name in names]
        return "\n".join([*lines, *([""] if self.only_before or self.only_after else []), RULE, ""])


@dataclass(frozen=True, slots=True)
class _Figure:
    """How one figure is read and judged; without a limit by how much the latency varies."""

    name: str
    read: Callable[[Row], float | None]
    more_is_better: bool = False
    limit: float | None = CLOSE_SHARE


_FIGURES = (
    _Figure("latency median, ms", lambda row: row.latency.p50_ms, limit=None),
    _Figure("throughput, FPS", lambda row: row.throughput_fps, more_is_better=True),
    _Figure(
        "end to end, FPS",
        lambda row: row.end_to_end.fps if row.end_to_end else None,
        more_is_better=True,
    ),
    _Figure("inference, core-ms a frame", lambda row: row.core_ms),
    _Figure(
        "end to end, core-ms a frame",
        lambda row: row.end_to_end.core_ms if row.end_to_end else None,
    ),
    _Figure("peak memory, MB", lambda row: row.peak_memory_bytes / 1e6, limit=LOOSE_SHARE),
    _Figure(
        "end to end peak memory, MB",
        lambda row: row.end_to_end.peak_memory_bytes / 1e6 if row.end_to_end else None,
        limit=LOOSE_SHARE,
    ),
    _Figure("load time, ms", lambda row: row.load_ms, limit=LOOSE_SHARE),
)
_LIVE_FIGURES = (
    _Figure(
        "live age p95, ms", lambda row: row.live.age_p95_ms if row.live else None, limit=LOOSE_SHARE
    ),
)


def compare(before: BenchFile, after: BenchFile) -> Comparison:
    """Return what is better and worse in the second result than in the first.

    Variants are matched by backend, precision and size. A figure changed if it differs by more than
    5 % of what it was (10 % for the age of live results, peak memory and load time); for the median
    latency by more than twice the standard error of the difference, where that is more. Dropped
    frames rose if their share rose at all; agreement changed if the mask IoU differs by more than
    0.001.
    """
    old = {row.name: row for row in before.result.rows}
    new = {row.name: row for row in after.result.rows}
    return Comparison(
        before=before.name,
        after=after.name,
        differences=_differences(before.result, after.result),
        variants=tuple(_variant(old[name], new[name]) for name in old if name in new),
        only_before=tuple(name for name in old if name not in new),
        only_after=tuple(name for name in new if name not in old),
        now_failing={name: why for name, why in after.result.failed.items() if name in old},
    )


def _differences(before: BenchResult, after: BenchResult) -> tuple[str, ...]:
    old, new = _circumstances(before), _circumstances(after)
    return tuple(f"{what}: {old[what]}, then {new[what]}" for what in old if old[what] != new[what])


def _circumstances(result: BenchResult) -> dict[str, str]:
    """Return what must be the same for the figures to be of the same thing."""
    device, model, sensors = result.device, result.model, result.sensors
    return {
        "board": device.board or "-",
        "processor": device.processor or "-",
        "machine": f"{device.machine}, {device.cores} cores",
        "power mode": (sensors.power_mode if sensors else None) or "-",
        "system": device.system,
        "Python": device.python,
        "edgecrack": result.edgecrack,
        "model": f"{model.name} {model.release} ({model.sha256})",
        "video": result.source or "-",
    }


def _variant(before: Row, after: Row) -> VariantComparison:
    notes = [
        f"{what}: {old}, then {new}"
        for what, old, new in (
            ("runs on", before.runs_on, after.runs_on),
            ("precision as inspected", before.inspected, after.inspected),
        )
        if old != new
    ]
    live = _comparable_live(before, after, notes)
    changes = _changes(before, after, (*_FIGURES, *(_LIVE_FIGURES if live else ())), notes)
    if live and before.live and after.live:
        shares = [run.dropped / max(1, run.frames) for run in (before.live, after.live)]
        changes.append(judge_step("live, share of frames dropped", *shares, limit=0))
    ious = before.agreement.mask_iou, after.agreement.mask_iou
    changes.append(
        judge_step("mask IoU with FP32", *ious, limit=LEAST_IOU_STEP, more_is_better=True)
    )
    return VariantComparison(before.name, tuple(changes), tuple(notes))


def _changes(
    before: Row, after: Row, figures: tuple[_Figure, ...], notes: list[str]
) -> list[Change]:
    """Return the figures that both have, judged, and note those that only one has."""
    changes = []
    for figure in figures:
        old, new = figure.read(before), figure.read(after)
        if old is not None and new is not None:
            limit = figure.limit or latency_limit(before.latency, after.latency)
            changes.append(
                judge(figure.name, old, new, limit=limit, more_is_better=figure.more_is_better)
            )
        elif (old is None) != (new is None):
            notes.append(f"{figure.name}: only {'after' if old is None else 'before'}")
    return changes


def _comparable_live(before: Row, after: Row, notes: list[str]) -> bool:
    """Return whether both came from cameras of the same rate, and note it where they did not."""
    rates = [row.live.camera_fps if row.live else None for row in (before, after)]
    if None not in rates and rates[0] != rates[1]:
        notes.append(f"live: {rates[0]:g} pictures a second, then {rates[1]:g}; not compared")
        return False
    return True


def _variant_lines(variant: VariantComparison) -> list[str]:
    changed = [change for change in variant.changes if change.verdict != "same"]
    lines = [f"## {variant.variant}", ""]
    if changed:
        lines += ["| figure | before | after | difference | noise | |", "|---|--:|--:|--:|--:|---|"]
        lines += [change.as_markdown() for change in changed]
    else:
        lines.append(f"None of {len(variant.changes)} figures changed beyond the noise.")
    return [*lines, *(["", *(f"- {note}" for note in variant.notes)] if variant.notes else [])]
