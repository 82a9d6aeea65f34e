"""``edgecrack-train import``: from an annotation tool's export to pictures and masks."""

from __future__ import annotations

import json
import shlex
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from edgecrack.errors import UsageError

if TYPE_CHECKING:
    from training.imports.drawing import Roles
    from training.imports.export import Export
    from training.imports.folder import ImportCounts


def import_annotations(
    export: Annotated[
        Path,
        typer.Argument(help="COCO JSON, CVAT for images 1.1 XML, or LabelMe JSON or their folder."),
    ],
    out: Annotated[Path, typer.Option(help="Folder to make; it appears when it is whole.")],
    images: Annotated[
        Path | None,
        typer.Option(help="Folder of the pictures.", show_default="EXPORT's, or images in it"),
    ] = None,
    crack: Annotated[
        str, typer.Option(help="Categories that are cracks, with commas between them.")
    ] = "",
    road: Annotated[str, typer.Option(help="Categories that are road, likewise.")] = "",
    paint: Annotated[str, typer.Option(help="Categories that are paint on the road.")] = "",
    not_road: Annotated[str, typer.Option(help="Categories that are not road.")] = "",
    line_width: Annotated[
        float | None,
        typer.Option(help="Width of lines, 0.1 to 100 px.", show_default="lines are refused"),
    ] = None,
    *,
    rest_not_road: Annotated[
        bool,
        typer.Option(
            "--rest-not-road", help="What no area covers is not road; else it is unknown."
        ),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print the counts as JSON.")] = False,
) -> None:
    """Turn what was drawn in an annotation tool into OUT/images, OUT/masks and OUT/areas.

    A pixel belongs to a shape when its centre does. Masks are 255 where a crack is, else 0; a
    picture without any is one without cracks. Areas, if some are named, are 1 road, 2 paint, 0 not
    road, 255 unknown; a later shape lies above an earlier one. Without --crack, --road, --paint or
    --not-road the categories are listed.

    Example: edgecrack-train import coco.json --images photos --crack crack,alligator --out mydata
    """
    from training.imports import read_export, roles_of  # noqa: PLC0415  OpenCV takes its time

    if line_width is not None and not 0.1 <= line_width <= 100:
        raise UsageError("--line-width must be 0.1 to 100 px.")
    named = {"crack": crack, "road": road, "paint": paint, "not road": not_road}
    read = read_export(export, images, line_width)
    roles = roles_of(read, named, rest_not_road=rest_not_road)
    counts = _write(read, roles, out)
    if as_json:
        typer.echo(json.dumps(asdict(counts), indent=2))
        return
    _print(counts, roles, out)


def _write(export: Export, roles: Roles, out: Path) -> ImportCounts:
    """Write the folder behind a progress bar."""
    from training.imports.folder import write_folder  # noqa: PLC0415

    console = Console(stderr=True)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("pictures", total=len(export.pictures))
        return write_folder(export, roles, out, lambda: progress.advance(task))


def _print(counts: ImportCounts, roles: Roles, out: Path) -> None:
    typer.echo(f"{out}: {counts.pictures} pictures, {counts.with_cracks} of them with cracks")
    for role, number in counts.shapes.items():
        typer.echo(f"  {role}: {number} shapes")
    if counts.without_pixels:
        typer.echo(f"  {counts.without_pixels} of these are too small for any pixel's centre")
    for category, number in counts.left_out.items():
        typer.echo(f"  left out: {number} shapes '{category}'")
    folder, name = shlex.quote(str(out)), shlex.quote(out.name)
    typer.echo("next:")
    typer.echo(f"  edgecrack-train config --new {name}.toml")
    if roles.has_areas:
        rest = "" if roles.has_cracks else ", and remove masks"
        typer.echo(f"  # in it, remove the # before areas{rest}")
    typer.echo(f"  edgecrack-train fit {name}.toml --data {folder} --out runs/{name}")
