"""``edgecrack-export verify``: prove a bundle on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from export.commands.options import UNCHECKED, Json


def verify(
    path: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A bundle folder.", **UNCHECKED)],
    *,
    as_json: Json = False,
) -> None:
    """Check every digest of BUNDLE and run its golden frames; exit 0 or 3."""
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from edgecrack.models.selftest import selftest  # noqa: PLC0415

    result = selftest(load_bundle(path))
    if as_json:
        typer.echo(json.dumps(result.as_json(), indent=2))
    else:
        for network in result.networks:
            for golden in network.golden:
                verdict = "ok" if golden.passed else "FAILED"
                typer.echo(
                    f"{golden.kind:6} {network.name} {golden.answer}: "
                    f"worst {golden.worst_levels}/255, mask IoU {golden.mask_iou:.5f} {verdict}"
                )
    result.require()
