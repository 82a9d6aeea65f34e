"""The commands of ``edgecrack-train``, one file a verb."""

from __future__ import annotations

import typer

from training.commands.evaluate import evaluate
from training.commands.fit import fit

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train U-Net on pictures of cracked pavement, and score the trained network.",
)

for command in (fit, evaluate):
    app.command()(command)
