"""The front as a table, and as a picture: accuracy against time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from training.charts import Chart, Line, chart_png

if TYPE_CHECKING:
    from export.front import Front, FrontRow

COLUMNS = (
    *("network", "runs on", "mask IoU", "size", "F1", "F1 left out", "parameters", "GFLOP", "MB"),
    *("p5 ms", "p50 ms", "p95 ms", "p99 ms", "FPS", "x faster a pixel"),
)


def cells(row: FrontRow) -> list[str]:
    """Return the texts of one row, in the order of `COLUMNS`."""
    cost, times = row.complexity, row.percentiles_ms
    return [
        row.name,
        row.runs_on,
        "-" if row.mask_iou is None else f"{row.mask_iou:.4f}",
        f"{cost.width_px}x{cost.height_px}",
        _percent(row.f1),
        _percent(row.f1_left_out),
        f"{cost.parameters:,}",
        f"{cost.gflops:.2f}",
        f"{cost.fp32_bytes / 1e6:.2f}",
        *(f"{times[f'p{share}_ms']:.1f}" for share in (5, 50, 95, 99)),
        f"{row.fps:.2f}",
        f"{row.faster_a_pixel:.1f}",
    ]


def protocol(front: Front) -> str:
    """Return how the numbers came about, in two sentences."""
    return (
        f"{front.turns} calls of each network in turns, all cores on one picture, without decoding "
        "and other work of a run. Mask IoU: of a bundle's masks with those of FP32, on its golden "
        "frames. F1 in percent: mean over the sets on validation, and on sets left out of "
        "training; '-' is not known."
    )


def markdown(front: Front) -> str:
    """Return the front as a Markdown table with its protocol."""
    lines = [COLUMNS, ["---"] * len(COLUMNS), *map(cells, front.rows)]
    table = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    return f"{table}\n{protocol(front)}\n"


def picture(front: Front) -> bytes:
    """Return F1 against the median time of a call, a point for each network, as PNG.

    Networks without a known F1 are not in it.
    """
    lines = [
        Line(f"{row.name}, {kind}", [row.percentiles_ms["p50_ms"]], [100 * f1], style=style)
        for row in front.rows
        for kind, f1, style in (("learnt", row.f1, "o"), ("left out", row.f1_left_out, "s"))
        if f1 is not None
    ]
    title = f"F1 against time, {front.backend}"
    chart = Chart(title, "median ms of a call", "F1 (%)", lines, None, (0.0, 100.0), log_x=True)
    return chart_png(chart)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.2f}"
