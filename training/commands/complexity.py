"""``edgecrack-train complexity``: what networks cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from edgecrack.program.picture_size import size_of
from training.commands.options import Json, Size

if TYPE_CHECKING:
    from training.complexity import Complexity

_COLUMNS = ("parameters", "GFLOP", "GMAC", "paper's G", "MB FP32", "MB FP16")


def complexity(
    networks: Annotated[
        list[Path],
        typer.Argument(metavar="CONFIG|CHECKPOINT...", help="Configurations, or .pt files."),
    ],
    size: Size = "960x540",
    *,
    as_json: Json = False,
) -> None:
    """Count parameters, operations for one picture, and bytes of weights of each network.

    GFLOP is twice GMAC, the multiply-accumulates of the convolutions. The paper's G counts
    deconvolutions on their output, and biases, ReLU and pooling too: it is for comparing with the
    tables of the paper only. MB are those of the exported weights.

    Example: edgecrack-train complexity configs/train/paper.toml runs/x/best.pt --size 480x320
    """
    width_px, height_px = size_of(size)
    from training.complexity import complexity_of  # noqa: PLC0415  torch takes seconds
    from training.network_file import config_of  # noqa: PLC0415

    costs = [complexity_of(config_of(path).model, width_px, height_px) for path in networks]
    if as_json:
        entries = [
            {"file": str(path), **cost.as_json()}
            for path, cost in zip(networks, costs, strict=True)
        ]
        typer.echo(json.dumps(entries, indent=2))
        return
    table = Table(Column("network", overflow="fold"), *_COLUMNS, box=None)
    for path, cost in zip(networks, costs, strict=True):
        table.add_row(str(path), *_row(cost))
    Console().print(table)
    typer.echo(f"for one picture of {width_px}x{height_px}")


def _row(cost: Complexity) -> list[str]:
    numbers = (cost.gflops, cost.macs / 1e9, cost.paper_g)
    sizes = (cost.fp32_bytes / 1e6, cost.fp16_bytes / 1e6)
    return [f"{cost.parameters:,}", *(f"{number:.2f}" for number in (*numbers, *sizes))]
