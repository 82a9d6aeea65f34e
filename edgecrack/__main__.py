"""Run ``edgecrack`` and turn what it raises into an exit code."""

from __future__ import annotations

from edgecrack.commands import app
from edgecrack.program import run_program
from edgecrack.program.open_files import require_open_files
from edgecrack.stop_signal import StopSignal


def main() -> None:
    """Run the command line and end with the error's exit code."""
    run_program("edgecrack", _start)


def _start() -> None:
    require_open_files()
    with StopSignal().installed():
        app()


if __name__ == "__main__":
    main()
