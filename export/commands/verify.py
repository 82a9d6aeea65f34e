"""``edgecrack-export verify``: prove a bundle on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from edgecrack.errors import NotHealthyError
from export.commands.options import UNCHECKED, Json


def verify(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle folder.", **UNCHECKED)],
    *,
    as_json: Json = False,
) -> None:
    """Check every digest of BUNDLE and run its golden frames; exit 0 or 3."""
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from edgecrack.models.selftest import selftest  # noqa: PLC0415

    found = selftest(load_bundle(path))
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        for each in found.results:
            typer.echo(
                f"{each.kind:6} {each.network}: worst {each.worst_levels}/255, "
                f"mask IoU {each.mask_iou:.5f} {'ok' if each.passed else 'FAILED'}"
            )
    if not found.passed:
        raise NotHealthyError(f"bundle {path} does not give the answers it promises; export again.")
