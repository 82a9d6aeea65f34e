"""``edgecrack demo``: a synthetic drive, surveyed and shown."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgecrack.commands.options import UNCHECKED, Json
from edgecrack.commands.progress import progress_bars
from edgecrack.commands.settings import with_settings
from edgecrack.config import Tables, configure
from edgecrack.errors import UsageError


@with_settings("model")
def demo(
    typed: Tables,
    *,
    out: Annotated[
        Path, typer.Option(help="Folder for the page; an earlier demo is replaced.", **UNCHECKED)
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Another seed is another road.")] = 7,
    seconds: Annotated[float, typer.Option(help="Length of the drive.", min=1, max=120)] = 8.0,
    as_json: Json = False,
) -> None:
    """Render a synthetic drive, survey it, and write OUT/index.html.

    Example: edgecrack demo

    Or, on a slow machine: edgecrack demo --seconds 2 --size 480x288
    """
    from edgecrack.commands.tables import report_table  # noqa: PLC0415
    from edgecrack.demo import run_demo  # noqa: PLC0415
    from edgecrack.synthetic.drive import DriveSpec  # noqa: PLC0415

    try:
        spec = DriveSpec(seed=seed, seconds=seconds)
    except ValueError as error:
        raise UsageError(f"there is no such drive: --{error}") from error
    model = configure({**typed, "source": {"address": str(out)}}).model
    with progress_bars() as show:
        result = run_demo(out, spec, show, model=model)
    if as_json:
        scores = {score.name: score.f1 for score in result.scores}
        summary = {"page": str(result.page), "f1": scores, **result.outcome.report.as_json()}
        typer.echo(json.dumps(summary, indent=2))
        return
    Console().print(report_table(result.outcome.report))
    for score in result.scores:
        typer.echo(f"F1 {100 * score.f1:.1f}  ({score.protocol})")
    typer.echo(f"Look at {result.page}")
