"""Run ``edgecrack`` and turn what it raises into an exit code."""

from __future__ import annotations

import sys

import typer

from edgecrack.commands import app
from edgecrack.errors import INTERRUPTED, EdgecrackError
from edgecrack.extras import extras_needed


def main() -> None:
    """Run the command line and end with the error's exit code."""
    try:
        with extras_needed():
            app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
