"""``edgecrack selftest --first-hour``: all that a new board must show, and a file of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from edgecrack.commands.progress import progress_bars
from edgecrack.printable import printable

if TYPE_CHECKING:
    from edgecrack.segmenters import ModelSpec

REPORT = Path("edgecrack-first-hour.zip")


def spend_first_hour(model: ModelSpec, deadline_s: float, out: Path, as_json: bool) -> None:
    """Do every step, show what each came to, and keep it in a file after each.

    Args:
        model: The network, and what may run it.
        deadline_s: How long one network may take for its golden frames.
        out: The file.
        as_json: Whether machines read what is printed.

    Raises:
        UsageError: There is a file that is no report of the first hour.
        NotHealthyError: A step failed.
    """
    from edgecrack.commands.doctor_table import lines_table  # noqa: PLC0415
    from edgecrack.doctor.machine import Machine  # noqa: PLC0415
    from edgecrack.doctor.unit import Unit  # noqa: PLC0415
    from edgecrack.first_hour.hour import first_hour  # noqa: PLC0415  OpenCV
    from edgecrack.first_hour.plan import Plan  # noqa: PLC0415
    from edgecrack.first_hour.report_file import ReportFile  # noqa: PLC0415

    report, shown = ReportFile(out), printable(str(out))
    plan = Plan(Unit(model=model), deadline_s=deadline_s)
    with progress_bars() as show:
        hour = first_hour(Machine(), plan, show, report.keep)
    if as_json:
        typer.echo(json.dumps({"out": shown, **hour.as_json()}, indent=2))
    else:
        Console().print(lines_table([step.line for step in hour.steps]))
        for line in report.left:
            typer.echo(f"another power mode: {line}")
        typer.echo(f"Send this file home: {shown}")
    hour.require()
