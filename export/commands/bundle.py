"""``edgecrack-export bundle``: make a bundle from a checkpoint."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from edgecrack.errors import UsageError
from edgecrack.program.picture_size import size_of
from export.commands.options import (
    UNCHECKED,
    DataFolder,
    Licence,
    ModelName,
    RoadThreshold,
    Tolerance,
)

SIZES = ("960x544", "640x352", "480x288", "960x320")
"""Full pictures of 16:9 at three speeds, and the lower part of one."""


Sizes = Annotated[
    list[str] | None,
    typer.Option(
        help="Input size WxH, a multiple of the network's stride; repeatable, the first is the "
        f"default. [{', '.join(SIZES)}]"
    ),
]
Precisions = Annotated[
    list[str] | None,
    typer.Option(
        help="fp16 and int8-trt for TensorRT, int8 for processors, or none; fp32 is always there; "
        "repeatable. [fp16, and int8 if it finds as much as fp32]"
    ),
]


def bundle(
    checkpoint: Annotated[
        Path, typer.Argument(help="A checkpoint, such as runs/x/best.pt.", **UNCHECKED)
    ],
    out: Annotated[Path, typer.Option(help="Folder to make; it must not exist.", **UNCHECKED)],
    size: Sizes = None,
    precision: Precisions = None,
    data: DataFolder = Path("../shared/data"),
    only: Annotated[
        str | None, typer.Option("--set", help="Data set for threshold, parity and scores.")
    ] = None,
    tolerance: Tolerance = None,
    name: ModelName = None,
    release: Annotated[str, typer.Option(help="Version of the model.")] = "1.0.0",
    road_threshold: RoadThreshold = 128,
    licence: Licence = None,
) -> None:
    """Export CHECKPOINT; fails, and writes nothing, unless it matches torch frame by frame.

    Example: edgecrack-export bundle runs/vehicle/best.pt --out bundles/vehicle --set nha12d
    """
    asked = _asked(precision or ["fp16", "int8"])
    sizes_px = tuple(size_of(text) for text in size or SIZES)
    if len(set(sizes_px)) < len(sizes_px):
        raise UsageError("--size must name each size once; leave the second one out.")
    from export.build_bundle import build_bundle  # noqa: PLC0415  torch takes seconds
    from export.model_card import BundleRequest  # noqa: PLC0415
    from training.checkpoint import load_checkpoint  # noqa: PLC0415

    request = BundleRequest(
        sizes_px=sizes_px,
        release=release,
        root=data,
        set_name=only,
        tolerances_px=tuple(tolerance or (5.0, 10.0)),
        licence=licence,
        road_threshold=road_threshold,
        name=name,
        fp16="fp16" in asked,
        int8_precisions=tuple(name for name in asked if name != "fp16"),
        int8_may_lack=precision is None,
    )
    for parity in build_bundle(load_checkpoint(checkpoint), request, out, on_note=_note):
        line = (
            f"{out / parity.network} {parity.answer} against {parity.reference}: "
            f"{parity.pictures} pictures, worst difference {parity.worst_levels}/255, "
            f"mask IoU {parity.mask_iou:.5f}"
        )
        typer.echo(os.fsencode(line))  # the path as it is, UTF-8 or not


def _note(text: str) -> None:
    typer.echo(text, err=True)


def _asked(precisions: list[str]) -> tuple[str, ...]:
    known = ("fp16", "int8", "int8-trt", "none")
    for name in precisions:
        if name not in known:
            raise UsageError(f"--precision must be one of {', '.join(known)}, not '{name}'.")
    return tuple(dict.fromkeys(name for name in precisions if name != "none"))
