"""The option ``--version`` of the four programs."""

from __future__ import annotations

from importlib import metadata
from typing import Annotated

import typer

from edgecrack.program.command_group import CommandGroup


def _print_version(context: typer.Context, wanted: bool) -> None:  # noqa: FBT001  typer calls it so
    if wanted:
        typer.echo(f"{context.command.name} {metadata.version('edgecrack')}")
        raise typer.Exit


def version_option(
    *,
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version and exit."
        ),
    ] = False,
) -> None:
    """Take the option that stands before any command; the callback of a program's ``Typer``."""
    del version  # its callback has printed it


def with_version(name: str, help_text: str) -> typer.Typer:
    """Return the program ``name``, without commands yet, that answers ``--version``."""
    app = typer.Typer(
        name=name,
        cls=CommandGroup,
        help=help_text,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
    )
    app.callback(help=help_text)(version_option)
    return app
