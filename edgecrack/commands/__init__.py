"""The commands of ``edgecrack``, one file a verb."""

from __future__ import annotations

from typing import Annotated

import typer

from edgecrack import __version__
from edgecrack.commands.demo import demo
from edgecrack.commands.run import run
from edgecrack.commands.selftest import selftest
from edgecrack.commands.view import view

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Find cracks in road video, each with a place on Earth.",
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgecrack {__version__}")
        raise typer.Exit


@app.callback()
def edgecrack(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    """Take the options that stand before any command."""
    del version


for command in (run, view, demo, selftest):
    app.command()(command)
