"""A short benchmark of every variant at one size, in the power mode that is set."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.bench.benchmark import BenchSpec, benchmark
from edgecrack.doctor.line import ok, warn
from edgecrack.first_hour.step import Outcome
from edgecrack.segmenters import AUTO

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bench.result import Row
    from edgecrack.first_hour.plan import Plan

    OnProgress = Callable[[str, int, int | None], None]


def measure_speed(plan: Plan, on_progress: OnProgress) -> Outcome:
    """Measure each variant in processes of its own.

    Raises:
        EdgecrackError: None of them could be measured.
    """
    model = plan.model()
    spec = BenchSpec(
        bundle=model.bundle,
        backend="all" if model.backend == AUTO else model.backend,
        precision="all" if model.precision == AUTO else model.precision,
        size_px=model.size_px,
        source=plan.video,
        duration_s=plan.bench_s,
    )
    result = benchmark(spec, on_progress)
    says = "; ".join(map(_row, result.rows))
    doubts = [f"{row.name}: {warning}" for row in result.rows for warning in row.warnings]
    doubts += [f"{name} failed: {why}" for name, why in result.failed.items()]
    finding = ok(says)
    if doubts:
        finding = warn(f"{says}; but {'; '.join(doubts)}", "read these figures with that in mind")
    return Outcome(finding, result.as_json())


def _row(row: Row) -> str:
    run = f", {row.end_to_end.fps:.0f} FPS whole" if row.end_to_end and row.end_to_end.fps else ""
    return f"{row.name} {row.latency.p50_ms:.1f} ms (p95 {row.latency.p95_ms:.1f}){run}"
