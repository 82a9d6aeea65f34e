"""``edgecrack-train fit``: train a network."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from training.commands.fitting import run_fit
from training.commands.options import Data


def fit(
    config: Annotated[
        Path,
        typer.Argument(help="Configuration in TOML, such as configs/train/crackforest.toml."),
    ],
    out: Annotated[
        Path,
        typer.Option(help="Folder for checkpoints, metrics and panels; a new one unless --resume."),
    ],
    data: Data = Path("../shared/data"),
    *,
    resume: Annotated[
        bool,
        typer.Option(
            "--resume",
            help="Continue the run in OUT from last.pt, with the same result as without a stop.",
        ),
    ] = False,
) -> None:
    """Train a network as CONFIG says, and write it to OUT.

    OUT gets last.pt after each epoch, best.pt, metrics.jsonl and TensorBoard events, panels of
    pictures with their predictions (image, true mask, probability), and the ids of each part of a
    data set in splits. best.pt has the highest quality on the validation pictures: the mean F1 of
    the sets, less the false alarms on sets without crack labels.

    At the end plots gets charts of the validation pictures and the worst of those, as
    edgecrack-train evaluate --plots draws them.

    A run with a start first scores that, as epoch 0, and at the end tells how the best epoch
    compares with it. If none is better, best.pt is the start.

    edgecrack-train config --explain describes every key of CONFIG: splits, losses, augmentation.

    Example: edgecrack-train fit configs/train/crackforest.toml --out runs/crackforest
    """
    from training.config import load_config  # noqa: PLC0415  torch takes seconds
    from training.resolve import resolve_splits  # noqa: PLC0415

    settings = resolve_splits(load_config(config), data)
    typer.echo(run_fit(settings, data, out, config, resume=resume))
