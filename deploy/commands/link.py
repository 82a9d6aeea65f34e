"""``edgecrack-deploy link``: make the system's GStreamer bindings usable here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from deploy import bindings


def link(
    *,
    system_python: Annotated[
        Path, typer.Option(help="The interpreter the system's bindings were built for.")
    ] = bindings.SYSTEM_PYTHON,
) -> None:
    """Link the system's GStreamer bindings (and TensorRT's) into this environment."""
    for name, target in bindings.link(system_python).items():
        typer.echo(f"{name} -> {target}")
