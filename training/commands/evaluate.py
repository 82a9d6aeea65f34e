"""``edgecrack-train evaluate``: score a checkpoint."""

from __future__ import annotations

import json
import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecrack.errors import UsageError
from training.commands.options import Data, Group, Part, Plots, Threshold, Tolerance

if TYPE_CHECKING:
    from training.checkpoint import Checkpoint
    from training.config import DataConfig
    from training.evaluation import Evaluation, SetAlarms
    from training.scoring import SetScore


def evaluate(
    checkpoint: Annotated[
        Path, typer.Argument(help="Checkpoint of edgecrack-train fit, such as runs/x/best.pt.")
    ],
    data: Data = Path("../shared/data"),
    part: Part = "test",
    tolerance: Tolerance = None,
    set_name: Annotated[
        str | None,
        typer.Option("--set", help="Data set to score.", show_default="all that have a split"),
    ] = None,
    threshold: Threshold = None,
    group: Group = None,
    plots: Plots = None,
    *,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the scores as JSON, F1 from 0 to 1.")
    ] = False,
) -> None:
    """Score CHECKPOINT on the data sets it was trained on.

    Prints F1, precision, recall and IoU in percent, by cells of a 32nd of the picture's width, how
    wide cracks are drawn, how far the probability is from the share of crack, and the protocol of
    each score. The parts are those of the run, whatever has been added to the folders since. Of
    sets without crack labels it prints how much is marked of what is not road and of paint, by
    default at the one threshold that was best for all sets.

    Example: edgecrack-train evaluate runs/vehicle/best.pt --set nha12d --tolerance 5 --tolerance 10
    """
    from training.checkpoint import load_checkpoint  # noqa: PLC0415  torch takes seconds

    _check(part, tolerance or [])
    trained = load_checkpoint(checkpoint)
    data_sets = [_grouped(data_set, group) for data_set in _data_sets(trained, set_name)]
    evaluations = _evaluations(trained, data_sets, data, part, tolerance, threshold)
    if plots and evaluations:
        from training.score_charts import write_charts  # noqa: PLC0415  Matplotlib takes a second

        write_charts(trained.network(), evaluations, plots)
    scores = [score for evaluation in evaluations for score in evaluation.scores]
    alarms = _alarms(trained, data_sets, data, part, threshold)
    origin = "as given" if threshold else "of validation"
    _print(scores, alarms, origin, as_json=as_json)


def _evaluations(
    trained: Checkpoint,
    data_sets: list[DataConfig],
    root: Path,
    part: str,
    tolerances_px: list[float] | None,
    threshold: int | None,
) -> list[Evaluation]:
    """Score the sets with crack labels, by default under the tolerance of each."""
    from training.evaluation import evaluate as evaluation_of  # noqa: PLC0415  torch takes seconds

    net = trained.network()
    return [
        evaluation_of(net, data, root, part, tolerances_px or [data.validate_px or 0], threshold)
        for data in data_sets
        if data.has_crack_labels
    ]


def _check(part: str, tolerances_px: list[float]) -> None:
    from training.split import PARTS  # noqa: PLC0415

    if part not in PARTS:
        raise UsageError(f"--part must be one of {', '.join(PARTS)}, not '{part}'.")
    if not all(0 <= tolerance_px <= 100 for tolerance_px in tolerances_px):
        raise UsageError("--tolerance must be 0 to 100 px.")


def _data_sets(trained: Checkpoint, set_name: str | None) -> list[DataConfig]:
    """Return the data sets with a split, or the one that is named."""
    with_split = [data_set for data_set in trained.config.data if data_set.split]
    data_sets = [data_set for data_set in with_split if set_name in {None, data_set.name}]
    if not data_sets:
        names = ", ".join(f"'{data_set.name}'" for data_set in with_split) or "none"
        raise UsageError(
            f"the checkpoint has these data sets to score: {names}; name one by --set."
        )
    return data_sets


def _grouped(data_set: DataConfig, group: str | None) -> DataConfig:
    """Return the data set with the group of the command line, if that is given."""
    if group is None:
        return data_set
    try:
        re.compile(group)
    except re.error as error:
        raise UsageError(f"--group must be a regular expression, but: {error}.") from error
    return data_set.model_copy(update={"group": group})


def _alarms(
    trained: Checkpoint,
    data_sets: list[DataConfig],
    root: Path,
    part: str,
    threshold: int | None,
) -> list[SetAlarms]:
    """Count the false alarms on the sets without crack labels; None is the run's threshold."""
    from training.evaluation import alarms_of  # noqa: PLC0415

    net, level = trained.network(), threshold or trained.metrics.get("threshold") or 128
    unlabelled = [data_set for data_set in data_sets if not data_set.has_crack_labels]
    return [alarms_of(net, data_set, root, part, level) for data_set in unlabelled]


def _print(scores: list[SetScore], alarms: list[SetAlarms], origin: str, *, as_json: bool) -> None:
    if as_json:
        entries = [score.as_json() for score in scores] + [asdict(entry) for entry in alarms]
        typer.echo(json.dumps(entries, indent=2))
        return
    for score in scores:
        _print_score(score, origin if score.at_threshold else "of this part itself")
    for entry in alarms:
        typer.echo(f"{entry.name}: {entry.alarms} at threshold {entry.alarms.threshold}")
        typer.echo(f"    {entry.part} ({entry.pictures})")


def _print_score(score: SetScore, origin: str) -> None:
    """Print one score in three lines; ``origin`` is where its threshold is from."""
    fixed = score.fixed
    typer.echo(
        f"{score.name}: F1 {100 * fixed.f1:.2f} (precision {100 * fixed.precision:.2f}, recall "
        f"{100 * fixed.recall:.2f}, IoU {100 * fixed.iou:.2f}) at threshold {fixed.threshold}, "
        f"{origin}; ODS {100 * score.ods.f1:.2f}, OIS {100 * score.ois.f1:.2f}"
    )
    more = []
    if score.cells:
        more.append(
            f"cells F1 {100 * score.cells.f1:.2f} (precision {100 * score.cells.precision:.2f}, "
            f"recall {100 * score.cells.recall:.2f})"
        )
    if fixed.area_ratio is not None:
        more.append(f"predicted area {fixed.area_ratio:.2f} of the true one")
    if score.reliability:
        more.append(f"calibration error {100 * score.reliability.calibration_error:.2f}")
    typer.echo("    " + "; ".join(more))
    typer.echo(f"    {score.protocol}")
