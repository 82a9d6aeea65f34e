"""What was measured, as Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from tests.benchmarks.side_by_side.contest import Outcome
    from tests.benchmarks.side_by_side.figures import Figures

_FILE_HEAD = (
    "contestant", "FPS", "of each round", "frames", "core-ms a frame", "peak MB", "start s",
    "core-s of the process", "mask IoU", "pixels that differ a frame", "mask IoU, cracked road",
)  # fmt: skip
_LIVE_HEAD = (
    "contestant", "FPS", "frames", "lost", "age p50 ms", "age p95 ms", "core-ms a frame",
    "peak MB",
)  # fmt: skip


def file_table(outcome: Outcome) -> str:
    """Return one row a contestant that did its job."""
    rows = []
    for name, figures in outcome.best.items():
        masks, cracked = outcome.agreements[name], outcome.cracked.get(name)
        rates = ", ".join(f"{trial.fps:.1f}" for trial in outcome.file[name])
        cells = (
            f"{figures.fps:.1f}", rates, str(figures.frames), f"{figures.core_ms:.1f}",
            f"{figures.peak_bytes / 1e6:.0f}", f"{figures.start_s:.1f}",
            f"{figures.process_cpu_s:.1f}", f"{masks.iou:.3f}", f"{masks.differing_px:.1f}",
            "not run" if cracked is None else f"{cracked.iou:.3f}",
        )  # fmt: skip
        rows.append((name, *cells))
    return markdown(_FILE_HEAD, rows)


def live_table(trials: Mapping[str, Figures]) -> str:
    """Return one row a contestant."""
    rows = [
        (
            name, f"{figures.fps:.1f}", str(figures.frames), str(figures.lost),
            _number(figures.age_p50_ms), _number(figures.age_p95_ms), f"{figures.core_ms:.1f}",
            f"{figures.peak_bytes / 1e6:.0f}",
        )
        for name, figures in trials.items()
    ]  # fmt: skip
    return markdown(_LIVE_HEAD, rows)


def setting_table(best: Mapping[str, Figures]) -> str:
    """Return what each contestant ran on, and how it used the cores."""
    rows = [(name, figures.runs_on, figures.threads) for name, figures in best.items()]
    return markdown(("contestant", "versions", "threads"), rows)


def markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    r"""Return a Markdown table.

    Example:
        >>> markdown(("a", "b"), [("1", "2")])
        '| a | b |\n|---|---|\n| 1 | 2 |\n'
    """
    lines = [head, ["---"] * len(head), *rows]
    ruled = ["| " + " | ".join(line) + " |" for line in lines]
    ruled[1] = "|" + "---|" * len(head)
    return "\n".join(ruled) + "\n"


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.0f}"
