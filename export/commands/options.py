"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

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

Licence = Annotated[
    str | None,
    typer.Option(help="What may be done with the weights. [what the data sets state]"),
]

DataFolder = Annotated[
    Path,
    typer.Option("--data", envvar="EDGECRACK_DATA", help="Folder the data lies in.", **UNCHECKED),
]

ModelName = Annotated[
    str | None,
    typer.Option("--name", help="The model's name.", show_default="that of its configuration"),
]

Tolerance = Annotated[
    list[float] | None, typer.Option(help="Tolerance of the scores in px; repeatable. [5 and 10]")
]
