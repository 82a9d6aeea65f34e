"""Run ``edgecrack-train`` and turn what it raises into an exit code."""

from __future__ import annotations

import os
import sys

import typer

from edgecrack.errors import INTERRUPTED, EdgecrackError
from training.commands import app


def main() -> None:
    """Run the command line and end with the error's exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack-train: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("edgecrack-train: stopped; --resume goes on from the last epoch.", err=True)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
