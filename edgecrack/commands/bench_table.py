"""A result of the benchmark as a table for people; machines read the JSON."""

from __future__ import annotations

from rich.table import Table
from rich.text import Text  # a string would lose its [brackets]: they are markup

from edgecrack.bench.figure import figure, megabytes
from edgecrack.bench.markdown import device_name, peak_memory_bytes, sensor_line, warnings
from edgecrack.bench.result import BenchResult, Row

_COLUMNS = (
    "load\nms",
    "p50\nms",
    "p95\nms",
    "alone\nFPS",
    "alone\ncore-ms",
    "run\nFPS",
    "run\ncore-ms",
    "live\np95 ms",
    "drop-\nped",
    "peak\nMB",
    "mask\nIoU",
)


def bench_table(result: BenchResult) -> Table:
    """Lay out the benchmark: a row for each variant; it fits 120 columns.

    ``alone`` is inference without decoding, several at the same time; ``run`` a whole run that
    writes everything; ``core-ms`` the CPU time of a frame in each.
    """
    title = f"{result.model.name} {result.model.release} on {device_name(result.device)}"
    table = Table(title=Text(title))
    table.add_column("variant\n", overflow="fold")
    for title in _COLUMNS:
        table.add_column(title, justify="right", no_wrap=True)
    for row in result.rows:
        table.add_row(*(Text(cell) for cell in _cells(row)))
    table.caption = Text("\n".join(_caption(result)))
    return table


def _cells(row: Row) -> tuple[str, ...]:
    whole, live = row.end_to_end, row.live
    return (
        row.name,
        figure(row.load_ms),
        figure(row.latency.p50_ms),
        figure(row.latency.p95_ms),
        figure(row.throughput_fps),
        figure(row.core_ms),
        figure(whole.fps if whole else None),
        figure(whole.core_ms if whole else None),
        figure(live.age_p95_ms if live else None),
        str(live.dropped) if live else "-",
        megabytes(peak_memory_bytes(row)),
        f"{row.agreement.mask_iou:.4f}",
    )


def _caption(result: BenchResult) -> list[str]:
    """Return what the columns leave open, a line each."""
    lines = []
    if any(row.end_to_end for row in result.rows):
        lines.append(f"run: {result.source}, everything written")
    lines += [f"warning: {warning}" for warning in warnings(result)]
    lines += [f"not run: {what}: {why}" for what, why in result.not_run.items()]
    lines += [f"failed: {what}: {why}" for what, why in result.failed.items()]
    if result.sensors is not None:
        lines.append(sensor_line(result.sensors))
    return lines
