"""Options that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

Data = Annotated[
    Path,
    typer.Option(
        "--data",
        envvar="EDGECRACK_DATA",
        help="Folder of the data sets: the configuration's images and masks are paths in it.",
    ),
]

Size = Annotated[str, typer.Option("--size", help="Size WxH of the pictures.")]

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Part = Annotated[str, typer.Option(help="Part to score: train, validation or test.")]

Tolerance = Annotated[
    list[float] | None,
    typer.Option(
        help="How far a predicted crack pixel may be from a true one, 0 to 100 pixels of the "
        "full picture. Give it several times for several scores.",
        show_default="validate_px of each data set",
    ),
]

Threshold = Annotated[
    int | None,
    typer.Option(
        min=1,
        max=255,
        help="From which probability on a pixel is marked, for all sets.",
        show_default="the best one of each set's validation pictures",
    ),
]

Group = Annotated[
    str | None,
    typer.Option(
        help="Regular expression that finds the road in a picture's id: each road is also scored "
        "alone.",
        show_default="group of each data set",
    ),
]

Plots = Annotated[
    Path | None,
    typer.Option(
        help="Folder for charts of F1, precision and recall, and reliability, and for the worst "
        "pictures with their true masks and probabilities.",
        show_default=False,
    ),
]
