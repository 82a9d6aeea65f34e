"""Run ``edgecrack-deploy`` and turn an error into a message and an exit code."""

from __future__ import annotations

import sys

import typer

from deploy.commands import app
from edgecrack.errors import EdgecrackError
from edgecrack.extras import extras_needed


def main() -> None:
    """Run the command line; an ``EdgecrackError`` ends it with the error's exit code."""
    try:
        with extras_needed():
            app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack-deploy: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
