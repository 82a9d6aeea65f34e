"""The commands of ``edgecrack-deploy``, one file a verb."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from deploy.commands.link import link
from deploy.commands.setup import setup

app = typer.Typer(
    name="edgecrack-deploy",
    help="Prepare this machine for edgecrack: install the system packages, link the bindings.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


def _print_version(*, wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgecrack-deploy {metadata.version('edgecrack')}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Prepare this machine for edgecrack: install the system packages, link the bindings."""
    del version  # its callback has printed it


for command in (setup, link):
    app.command()(command)
