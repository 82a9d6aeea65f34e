"""``edgecrack swap``: have a unit that runs change its model."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgecrack.commands.options import UNCHECKED
from edgecrack.errors import NotHealthyError

SOCKET = Path("/run/edgecrack/edgecrack.sock")


def swap(
    bundle: Annotated[Path, typer.Argument(help="Bundle directory.", **UNCHECKED)],
    socket: Annotated[Path, typer.Option(help="Socket of the unit.", **UNCHECKED)] = SOCKET,
) -> None:
    """Have a unit that runs prove BUNDLE and change to it, between two frames; exit 0 or 3.

    Nothing is kept on disk: the next start begins with the model that it is told to. A fleet's
    update agent switches the link 'current' after the answer.
    """
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from edgecrack.models.swap_request import request_swap  # noqa: PLC0415

    asked = load_bundle(bundle)
    reply = request_swap(socket, bundle, asked.sha256)
    if not reply.accepted:
        raise NotHealthyError(f"the unit goes on with its model: {reply.reason}")
    name = f"{asked.manifest.name} {asked.manifest.release}"
    typer.echo(f"the unit runs {name} ({asked.sha256[:12]}) from frame {reply.first_frame} on")
