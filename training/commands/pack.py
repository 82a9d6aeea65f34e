"""``edgecrack-train pack``: make a checkpoint small enough to hand on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgecrack.errors import SinkError


def pack(
    checkpoint: Annotated[
        Path, typer.Argument(help="Checkpoint of edgecrack-train fit, such as runs/x/best.pt.")
    ],
    out: Annotated[
        Path,
        typer.Option(
            help="File to write; training/checkpoints/NAME.pt is what start = 'NAME' begins with."
        ),
    ],
) -> None:
    """Write the network of CHECKPOINT to OUT without what only --resume needs.

    The weights get 16 bits instead of 32. The configuration, the scores, and the data sets with
    their terms stay. Everything that reads a checkpoint reads OUT, but a run cannot be resumed.

    Example: edgecrack-train pack runs/vehicle/best.pt --out training/checkpoints/vehicle.pt
    """
    from training.checkpoint import load_checkpoint, packed, save_checkpoint  # noqa: PLC0415

    if out.exists():
        raise SinkError(f"{out} already exists; give another --out.")
    save_checkpoint(packed(load_checkpoint(checkpoint)), out)
    typer.echo(out)
