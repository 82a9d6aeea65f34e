"""``edgecrack selftest``: prove a bundle on this device."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from edgecrack.commands.first_hour import REPORT, spend_first_hour
from edgecrack.commands.options import UNCHECKED, Json
from edgecrack.commands.progress import progress_bars
from edgecrack.errors import UsageError
from edgecrack.manifest import PRECISIONS
from edgecrack.segmenters.backends import BACKENDS

Deadline = Annotated[
    float, typer.Option("--deadline", help="Seconds that one network may take.", min=0)
]
FirstHour = Annotated[
    bool,
    typer.Option(
        "--first-hour",
        help="All that a new board must show, in some ten minutes after TensorRT has built its "
        "engines, some minutes each; and a file to send home.",
    ),
]
Out = Annotated[
    Path | None,
    typer.Option(
        help="File for --first-hour; a further run in another power mode adds to it.",
        show_default=str(REPORT),
        **UNCHECKED,
    ),
]


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
    deadline: Deadline = 120,
    first_hour: FirstHour = False,
    out: Out = None,
    as_json: Json = False,
) -> None:
    """Check every digest of BUNDLE and run its golden frames on this device; exit 0 or 3.

    Every network is run in every size by every backend that is installed, and must give the answers
    that the bundle promises, within its tolerances. TensorRT builds its engine first if it has
    none.

    With --first-hour, at BUNDLE's first size: the doctor, TensorRT's engines, the golden frames, a
    short benchmark, a soak of a minute, and one file of it without host names, secrets, positions.
    """
    from edgecrack.commands.tables import selftest_table  # noqa: PLC0415
    from edgecrack.models import open_bundle  # noqa: PLC0415
    from edgecrack.models.selftest import selftest as prove  # noqa: PLC0415
    from edgecrack.segmenters import ModelSpec  # noqa: PLC0415

    try:
        spec = ModelSpec(bundle=bundle, backend=backend, precision=precision)
    except ValueError as error:
        raise UsageError(f"--{error}.") from error
    if first_hour:
        spend_first_hour(spec, deadline, out or REPORT, as_json)
        return
    if out is not None:
        raise UsageError("--out is the file of --first-hour, which is not asked for.")
    with progress_bars() as show:
        result = prove(open_bundle(spec), spec, deadline_s=deadline, on_progress=show)
    if as_json:
        typer.echo(json.dumps(result.as_json(), indent=2))
    else:
        Console().print(selftest_table(result))
    result.require()
