"""``edgecrack-export score``: score a bundle on held-out pictures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edgecrack.errors import UsageError
from export.commands.options import UNCHECKED, Json


def score(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle folder.", **UNCHECKED)],
    data: Annotated[
        Path, typer.Option("--data", envvar="EDGECRACK_DATA", help="Folder the data lies in.")
    ] = Path("../shared/data"),
    part: Annotated[str, typer.Option(help="validation or test.")] = "test",
    only: Annotated[str | None, typer.Option("--set", help="Data set to score on.")] = None,
    tolerance: Annotated[
        list[float] | None, typer.Option(help="Tolerance in px; repeatable. [5 and 10]")
    ] = None,
    *,
    as_json: Json = False,
) -> None:
    """Score BUNDLE, at its own threshold, on held pictures of a set it was trained with.

    Example: edgecrack-export score edgecrack/models/vehicle --set nha12d
    """
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from export.scoring import score_bundle  # noqa: PLC0415

    if part not in {"validation", "test"}:
        raise UsageError(f"--part must be validation or test, not '{part}'.")
    if not all(0 <= reach_px <= 100 for reach_px in tolerance or ()):
        raise UsageError("--tolerance must be 0 to 100 px.")
    scores = score_bundle(load_bundle(path), data, only, part, tolerance or (5.0, 10.0))
    if as_json:
        typer.echo(json.dumps([entry.as_json() for entry in scores], indent=2))
        return
    for entry in scores:
        fixed = entry.at_threshold or entry.ods
        typer.echo(
            f"{entry.name}: F1 {100 * fixed.f1:.2f} (precision {100 * fixed.precision:.2f}, recall "
            f"{100 * fixed.recall:.2f}) at {fixed.threshold}; {entry.protocol}"
        )
