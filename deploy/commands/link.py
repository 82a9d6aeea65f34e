"""``edgecrack-deploy link``: make the system's GStreamer bindings usable here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy import bindings


def link(
    *,
    system_python: Annotated[
        Path,
        typer.Option(help="The system's Python interpreter, which the bindings were built for."),
    ] = bindings.SYSTEM_PYTHON,
) -> None:
    """Link the system's GStreamer bindings, and TensorRT's if there, into this environment.

    pip cannot install them. Run it once in each new virtual environment.
    """
    for name, target in bindings.link(system_python).items():
        typer.echo(f"{name} -> {target}")
