"""``edgecrack selftest``: prove a bundle on this device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgecrack.commands.options import UNCHECKED, Json
from edgecrack.errors import UsageError
from edgecrack.manifest import PRECISIONS
from edgecrack.segmenters.backends import BACKENDS


def selftest(
    bundle: Annotated[
        Path | None,
        typer.Argument(
            help="Bundle directory, or the name of a model that comes along.",
            show_default="vehicle",
            **UNCHECKED,
        ),
    ] = None,
    backend: Annotated[
        str, typer.Option(help=f"Which backend: auto (all that are here), {', '.join(BACKENDS)}.")
    ] = "auto",
    precision: Annotated[
        str, typer.Option(help=f"Which precision: auto (all), {', '.join(PRECISIONS)}.")
    ] = "auto",
    deadline: Annotated[
        float, typer.Option(help="Seconds that one network may take.", min=0)
    ] = 120,
    as_json: Json = False,
) -> None:
    """Check every digest of BUNDLE and run its golden frames on this device; exit 0 or 3.

    Every network is run in every size by every backend that is installed, and must give the answers
    that the bundle promises, within its tolerances.
    """
    from edgecrack.commands.tables import selftest_table  # noqa: PLC0415
    from edgecrack.models import open_bundle  # noqa: PLC0415
    from edgecrack.models.selftest import selftest as prove  # noqa: PLC0415
    from edgecrack.segmenters import ModelSpec  # noqa: PLC0415

    try:
        spec = ModelSpec(bundle=bundle, backend=backend, precision=precision)
    except ValueError as error:
        raise UsageError(f"--{error}.") from error
    result = prove(open_bundle(spec), spec, deadline_s=deadline)
    if as_json:
        typer.echo(json.dumps(result.as_json(), indent=2))
    else:
        Console().print(selftest_table(result))
    result.require()
