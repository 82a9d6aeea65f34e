"""Run ``edgecrack-export`` and turn what it raises into an exit code."""

from __future__ import annotations

import sys

import typer

from edgecrack.errors import INTERRUPTED, EdgecrackError
from edgecrack.extras import extras_needed
from export.commands import app


def main() -> None:
    """Run the command line and end with the error's exit code."""
    try:
        with extras_needed("export"):
            app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack-export: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
