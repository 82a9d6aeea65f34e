"""The pictures of an evaluation: what a threshold costs, how far to trust it, and what went wrong.

``f1.png`` shows F1 against the threshold, ``precision_recall.png`` precision against recall, and
``reliability.png`` the share of crack against the predicted probability, with a line for each data
set; a dot is at the threshold in use. ``worst.png`` shows the pictures with the lowest F1.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.metrics import LEVELS, total
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file
from training.charts import Chart, Line, chart_png
from training.panel import panel, panel_png
from training.reliability import reliability

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.storage.disk import Disk
    from training.config import DataConfig
    from training.dataset import Pair
    from training.evaluation import Evaluation
    from training.unet import UNet

THRESHOLDS = range(1, LEVELS)
UNIT = (0.0, 100.0)
WORST = 6
"""Pictures in ``worst.png``."""


def write_charts(
    net: UNet, evaluations: Sequence[Evaluation], folder: Path, disk: Disk | None = None
) -> list[Path]:
    """Write the pictures of one evaluation or more into ``folder``; return their paths.

    Args:
        net: The network, for the predictions of the worst pictures.
        evaluations: Of data sets with crack labels, at least one.
        folder: Made if it is not there; files of these names are replaced.
        disk: What writes; None is this machine's.

    Raises:
        SinkError: If a file cannot be written.
    """
    pictures = {
        "f1.png": chart_png(f1_chart(evaluations)),
        "precision_recall.png": chart_png(precision_recall_chart(evaluations)),
        "reliability.png": chart_png(reliability_chart(evaluations)),
        "worst.png": panel_png(panel(net, worst(evaluations))),
    }
    disk = disk or LocalDisk()
    make_folders(disk, folder)
    for name, png in pictures.items():
        replace_file(disk, folder / name, png)
    return [folder / name for name in pictures]


def f1_chart(evaluations: Sequence[Evaluation]) -> Chart:
    """Return F1 against the threshold, within each set's first tolerance and by cells."""
    lines = []
    for evaluation in evaluations:
        whole = evaluation.whole
        mark = whole.fixed.threshold - THRESHOLDS.start
        by_pixels = total(evaluation.matches.counts[whole.protocol.tolerance_px])
        tolerance = f"{whole.protocol.tolerance_px:g} px"
        for label, counts, style in (
            (f"{whole.name}, {tolerance}", by_pixels, "-"),
            (f"{whole.name}, cells", total(evaluation.matches.cells), "--"),
        ):
            f1 = [100 * counts.at(threshold).f1 for threshold in THRESHOLDS]
            lines.append(Line(label, list(THRESHOLDS), f1, mark, style))
    return Chart(
        "F1 against the threshold (dot: the threshold in use)",
        "threshold, of 255",
        "F1 in %",
        lines,
        (0.0, 255.0),
        UNIT,
    )


def precision_recall_chart(evaluations: Sequence[Evaluation]) -> Chart:
    """Return precision against recall, one point for each threshold at which anything is marked."""
    lines = []
    for evaluation in evaluations:
        whole = evaluation.whole
        counts = total(evaluation.matches.counts[whole.protocol.tolerance_px])
        scores = [counts.at(threshold) for threshold in THRESHOLDS if counts.predicted[threshold]]
        marks = [i for i, score in enumerate(scores) if score.threshold == whole.fixed.threshold]
        lines.append(
            Line(
                f"{whole.name}, {whole.protocol.tolerance_px:g} px",
                [100 * score.recall for score in scores],
                [100 * score.precision for score in scores],
                marks[0] if marks else None,
            )
        )
    title = "Precision against recall (dot: the threshold in use)"
    return Chart(title, "recall in %", "precision in %", lines, UNIT, UNIT)


def reliability_chart(evaluations: Sequence[Evaluation]) -> Chart:
    """Return the share of crack against the predicted probability."""
    lines = [Line("as predicted", UNIT, UNIT, style="--")]
    for evaluation in evaluations:
        whole = evaluation.whole
        table = reliability(total(evaluation.matches.counts[whole.protocol.tolerance_px]))
        lines.append(
            Line(
                f"{whole.name}, error {100 * table.calibration_error:.2f} %",
                [100 * entry.probability for entry in table.bins],
                [100 * entry.crack_share for entry in table.bins],
                style="o-",
            )
        )
    title = "Reliability: below the dashed line too much is promised"
    return Chart(title, "predicted probability in %", "crack in %", lines, UNIT, UNIT)


def worst(evaluations: Sequence[Evaluation], most: int = WORST) -> list[tuple[DataConfig, Pair]]:
    """Return the pictures with the lowest F1 of all sets, the worst first, at the threshold in use.

    A picture without a crack has an F1 of 0 when anything is marked, and else of 1.
    """
    ranked = []
    for evaluation in evaluations:
        fixed, tolerance_px = evaluation.whole.fixed, evaluation.whole.protocol.tolerance_px
        for pair, counts in zip(
            evaluation.pairs, evaluation.matches.counts[tolerance_px], strict=True
        ):
            ranked.append((counts.at(fixed.threshold).f1, evaluation.data, pair))
    ranked.sort(key=lambda entry: entry[0])
    return [(data, pair) for _, data, pair in ranked[:most]]
