"""Run ``edgecrack-train`` and turn an error into a message and an exit code."""

from __future__ import annotations

import os
import sys

import typer

from edgecrack.errors import INTERRUPTED, EdgecrackError
from edgecrack.extras import extras_needed
from training.commands import app


def main() -> None:
    """Run the command line; an ``EdgecrackError`` ends it with the error's exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        with extras_needed("train"):
            app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack-train: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo(
            "edgecrack-train: stopped; --resume continues from the last finished epoch.", err=True
        )
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
