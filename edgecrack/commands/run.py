"""``edgecrack run``: survey a source."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgecrack.commands.journal import Journal
from edgecrack.commands.options import UNCHECKED, Json
from edgecrack.commands.progress import progress_of
from edgecrack.commands.settings import with_settings
from edgecrack.commands.tables import report_table
from edgecrack.conditions import Conditions
from edgecrack.config import Tables, configure
from edgecrack.errors import INTERRUPTED
from edgecrack.printable import printable
from edgecrack.program.service import Service
from edgecrack.stop_signal import StopSignal


@with_settings()
def run(
    typed: Tables,
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A unit.toml with any of these settings; those given here win.", **UNCHECKED
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Survey SOURCE: crack masks, GeoJSON, and an FPS report, in a folder of their own.

    Example: edgecrack run drive.mp4 --position drive.gpx --video-start 2026-05-01T12:00:00Z

    Or: edgecrack run photos/ --rate 2 --all-masks

    Or: edgecrack run v4l2:///dev/video0 --position serial:///dev/ttyUSB0

    Or, on a Jetson: edgecrack run "csi://0?width=1920&height=1080&fps=30"
    """
    from edgecrack.run import run as survey  # noqa: PLC0415  OpenCV, only when there is work

    settings = configure(typed, config)
    service = Service.of_environment()
    stop = StopSignal(on_end=service.stopping)

    journal = Journal(service, as_json=settings.health.log == "json")
    with stop.installed(), closing(journal), progress_of(service) as show:

        def on_progress(what: str, done: int, total: int | None) -> None:
            journal.tick()
            show(what, done, total)

        conditions = Conditions(journal.change)
        outcome = survey(settings, stop, on_progress, journal.say, conditions)
    out = printable(str(outcome.out))
    if as_json:
        typer.echo(json.dumps({"out": out, **outcome.report.as_json()}, indent=2))
    else:
        Console().print(report_table(outcome.report))
        typer.echo(out)
    if outcome.was_interrupted:
        raise typer.Exit(INTERRUPTED)
