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
