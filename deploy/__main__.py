"""Run ``edgecrack-deploy`` and turn what it raises into an exit code."""

from __future__ import annotations

from deploy.commands import app
from edgecrack.program import run_program


def main() -> None:
    """Run the command line and end with the error's exit code."""
    run_program("edgecrack-deploy", app)


if __name__ == "__main__":
    main()
