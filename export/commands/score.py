"""``edgecrack-export score``: score a bundle or a checkpoint on pictures with masks."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

from edgecrack.errors import UsageError
from edgecrack.program.picture_size import size_of
from export.commands.options import (
    UNCHECKED,
    Areas,
    CheckpointSize,
    CheckpointThreshold,
    Images,
    Json,
    Masks,
    MaskThreshold,
)

if TYPE_CHECKING:
    from export.scoring import Scored
    from training.scoring import SetScore


def score(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="BUNDLE|CHECKPOINT", help="A bundle folder, or a .pt file.", **UNCHECKED
        ),
    ],
    images: Images = None,
    masks: Masks = None,
    areas: Areas = None,
    mask_threshold: MaskThreshold = None,
    size: CheckpointSize = "960x540",
    threshold: CheckpointThreshold = 128,
    data: Annotated[
        Path, typer.Option("--data", envvar="EDGECRACK_DATA", help="Folder the data lies in.")
    ] = Path("../shared/data"),
    part: Annotated[str, typer.Option(help="validation or test.")] = "test",
    only: Annotated[
        str | None, typer.Option("--set", help="Data set that the bundle was trained with.")
    ] = None,
    tolerance: Annotated[
        list[float] | None, typer.Option(help="Tolerance in px; repeatable. [5 and 10]")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Score a bundle, at its own threshold, or a checkpoint, on --images and --masks.

    Without --images a bundle is scored on held pictures of a set it was trained with. Pictures
    reach the network as in a run: scaled, never stretched. The area is predicted over true.

    Example: edgecrack-export score bundles/mine --images photos --masks cracks

    Example: edgecrack-export score edgecrack/models/vehicle --set nha12d
    """
    if part not in {"validation", "test"}:
        raise UsageError(f"--part must be validation or test, not '{part}'.")
    if not all(0 <= reach_px <= 100 for reach_px in tolerance or ()):
        raise UsageError("--tolerance must be 0 to 100 px.")
    if (images is None) != (masks is None) or (areas is not None and images is None):
        raise UsageError("--images and --masks are given together, --areas beside them.")
    tolerances_px = tolerance or [5.0, 10.0]
    if images is None or masks is None:
        scored = _of_set(path, data, only, part, tolerances_px)
    else:
        from export.own_pictures import Folders, score_folders  # noqa: PLC0415  torch takes seconds

        folders = Folders(images, masks, areas, mask_threshold)
        scored = score_folders(path, folders, tolerances_px, size_of(size), threshold)
    _print(scored, as_json=as_json)


def _of_set(
    path: Path, data: Path, only: str | None, part: str, tolerances_px: list[float]
) -> Scored:
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from export.scoring import Scored, score_bundle  # noqa: PLC0415  torch takes seconds

    return Scored(score_bundle(load_bundle(path), data, only, part, tolerances_px), None)


def _print(scored: Scored, *, as_json: bool) -> None:
    if as_json:
        scores = [entry.as_json() for entry in scored.scores]
        alarms = {"alarms": asdict(scored.alarms)} if scored.alarms else {}
        typer.echo(json.dumps([entry | alarms for entry in scores], indent=2))
        return
    columns = ["", "px", "threshold", "F1", "precision", "recall", "IoU", "cells F1", "area"]
    table = Table(*columns, "best F1", "at", box=None)
    for entry in scored.scores:
        table.add_row(*_row(entry))
    Console().print(table)
    for entry in scored.scores:
        typer.echo(str(entry.protocol))
    if scored.alarms:
        typer.echo(f"{scored.alarms}")


def _row(entry: SetScore) -> list[str]:
    fixed = entry.fixed
    shares = [fixed.f1, fixed.precision, fixed.recall, fixed.iou]
    tolerance = f"{entry.protocol.tolerance_px:g}"
    cells = f"{100 * entry.cells.f1:.2f}" if entry.cells else "-"
    area = "-" if fixed.area_ratio is None else f"{fixed.area_ratio:.2f}"
    row = [entry.name, tolerance, f"{fixed.threshold}", *(f"{100 * share:.2f}" for share in shares)]
    return [*row, cells, area, f"{100 * entry.ods.f1:.2f}", f"{entry.ods.threshold}"]
