"""``edgecrack-train evaluate``: score a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecrack.errors import UsageError
from training.commands.options import Data

if TYPE_CHECKING:
    from training.scoring import SetScore


def evaluate(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint, such as runs/x/best.pt.")],
    data: Data = Path("../shared/data"),
    part: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    tolerance: Annotated[
        list[float] | None, typer.Option(help="Tolerance in px of the full picture; repeatable.")
    ] = None,
    only: Annotated[str | None, typer.Option("--set", help="Name of one data set.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Score CHECKPOINT on a held part of the data it was configured with.

    Example: edgecrack-train evaluate runs/vehicle/best.pt --set nha12d --tolerance 5 --tolerance 10
    """
    from training.checkpoint import load_checkpoint  # noqa: PLC0415  torch takes seconds
    from training.dataset import PARTS  # noqa: PLC0415
    from training.scoring import evaluate as scores_of  # noqa: PLC0415

    if part not in PARTS:
        raise UsageError(f"--part must be one of {', '.join(PARTS)}, not '{part}'.")
    if not all(0 <= each <= 100 for each in tolerance or ()):
        raise UsageError("--tolerance must be 0 to 100 px.")
    kept = load_checkpoint(checkpoint)
    known = [each for each in kept.config.data if each.split]
    chosen = [each for each in known if only in {None, each.name}]
    if not chosen:
        names = ", ".join(f"'{each.name}'" for each in known) or "no data set"
        raise UsageError(f"{checkpoint} was configured with {names} that has a split; choose one.")
    net = kept.network()
    found = [
        score
        for each in chosen
        for score in scores_of(net, each, data, part, tolerance or [each.validate_px or 0])
    ]
    if as_json:
        typer.echo(json.dumps([score.as_json() for score in found], indent=2))
    else:
        for each_score in found:
            _print_score(each_score)


def _print_score(found: SetScore) -> None:
    """Print one score in two lines; the second is the protocol without which it means nothing."""
    at, ods, ois = found.at_threshold, found.ods, found.ois
    origin = "of validation" if at else "of this very part"
    chosen = at or ods
    typer.echo(
        f"{found.name}: F1 {100 * chosen.f1:.2f} (precision {100 * chosen.precision:.2f}, recall "
        f"{100 * chosen.recall:.2f}, IoU {100 * chosen.iou:.2f}) at the ODS threshold {origin}, "
        f"{chosen.threshold}; ODS {100 * ods.f1:.2f}, OIS {100 * ois.f1:.2f}"
    )
    typer.echo(f"    {found.protocol}")
