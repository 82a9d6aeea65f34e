"""``edgecrack view``: a page about a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from edgecrack.commands.options import UNCHECKED


def view(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder of a run.", **UNCHECKED)],
    out: Annotated[
        Path | None,
        typer.Option(
            help="The page to write; an earlier page is replaced.",
            show_default="index.html in the run's folder",
            **UNCHECKED,
        ),
    ] = None,
) -> None:
    """Write one HTML page about the run in FOLDER: video, map, pictures and figures.

    The page shows up to 300 frames and loads nothing from the network: open it in any browser.
    """
    from edgecrack.page.document import write_page  # noqa: PLC0415  OpenCV, only when there is work
    from edgecrack.run_reader import read_run  # noqa: PLC0415

    page = write_page(out or folder / "index.html", read_run(folder))
    typer.echo(f"Look at {page}")
