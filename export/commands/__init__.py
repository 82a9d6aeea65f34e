"""The commands of ``edgecrack-export``, one file a verb."""

from __future__ import annotations

import typer

from export.commands.bundle import bundle
from export.commands.score import score
from export.commands.verify import verify

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Turn a checkpoint into a bundle: the network, its proof, its scores and its terms.",
)

for command in (bundle, verify, score):
    app.command()(command)
