"""Run ``edgecrack-export`` and turn what it raises into an exit code."""

from __future__ import annotations

from edgecrack.program import run_program
from export.commands import app


def main() -> None:
    """Run the command line and end with the error's exit code."""
    run_program("edgecrack-export", app, extra="export")


if __name__ == "__main__":
    main()
