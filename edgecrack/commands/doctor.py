"""``edgecrack doctor``: what holds on this unit, what does not, and what to do."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgecrack.commands.options import UNCHECKED, Json
from edgecrack.commands.progress import progress_bars


def doctor(
    config: Annotated[
        Path | None, typer.Option(help="The unit.toml of the unit, to look at, too.", **UNCHECKED)
    ] = None,
    bundle: Annotated[
        Path | None,
        typer.Option(
            "--model",
            help="Bundle directory, or the name of a model that comes along.",
            show_default="that of --config, or vehicle",
            **UNCHECKED,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Look at everything that a unit depends on and say what to do; exit 0, or 3 if any fails.

    Board, JetPack, power mode, GStreamer, TensorRT, CUDA, backends, camera, receiver, disk, clock,
    configuration, bundle with its data terms, engines, and a self-test of 5 seconds. It changes
    nothing, and may run beside a survey. What a user may open and where caches are it says of the
    user who runs it: ask of a service as its user (deploy/README.md).
    """
    from edgecrack.commands.doctor_table import lines_table  # noqa: PLC0415
    from edgecrack.doctor.examination import examine  # noqa: PLC0415  OpenCV
    from edgecrack.doctor.machine import Machine  # noqa: PLC0415
    from edgecrack.doctor.unit import read_unit  # noqa: PLC0415

    unit = read_unit(config, bundle)
    with progress_bars() as show:
        found = examine(Machine(), unit, show)
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        Console().print(lines_table(found.lines))
    found.require()
