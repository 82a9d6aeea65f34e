"""Run ``edgecrack-deploy`` and turn what it raises into an exit code."""

from __future__ import annotations

import sys

import typer

from deploy.commands import app
from edgecrack.errors import EdgecrackError


def main() -> None:
    """Run the command line and end with the exit code its outcome asks for."""
    try:
        app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack-deploy: {error}", err=True)
        sys.exit(error.exit_code)


if __name__ == "__main__":
    main()
