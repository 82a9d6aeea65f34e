"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from edgecrack.errors import UsageError
from edgecrack.manifest import MOST_PX

# What cannot be read or written is reported by whoever opens it, with the exit code that fits.
UNCHECKED: dict[str, Any] = {"readable": False}

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]

Images = Annotated[Path | None, typer.Option(help="Folder of any pictures.", **UNCHECKED)]

Masks = Annotated[
    Path | None,
    typer.Option(
        help="Folder of their crack masks, 0 and 255, of the same names and sizes.", **UNCHECKED
    ),
]

Areas = Annotated[
    Path | None,
    typer.Option(
        help="Folder of their area masks: 0 not road, 1 road, 2 paint, 255 unknown. Cracks are "
        "then scored on the road, and what is marked elsewhere is told.",
        **UNCHECKED,
    ),
]

MaskThreshold = Annotated[
    int | None,
    typer.Option(min=0, max=254, help="A mask pixel above this is crack; for other masks."),
]

CheckpointSize = Annotated[
    str, typer.Option(help="Input size WxH of a checkpoint; a bundle has its own.")
]

CheckpointThreshold = Annotated[
    int,
    typer.Option(
        min=1, max=255, help="From which probability on a checkpoint marks; a bundle knows."
    ),
]

RoadThreshold = Annotated[
    int,
    typer.Option(
        min=0, max=255, help="From which level on a pixel is road; for a network that says so."
    ),
]


def size_of(text: str) -> tuple[int, int]:
    """Return width and height of an input, such as 960x540.

    Raises:
        UsageError: If it is written in another way, or too large.
    """
    sides = text.split("x")
    if len(sides) != 2 or not all(_is_side(side) for side in sides):
        raise UsageError(f"--size is written like 960x540, up to {MOST_PX} px, not '{text}'.")
    return int(sides[0]), int(sides[1])


def _is_side(text: str) -> bool:
    return text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= MOST_PX
