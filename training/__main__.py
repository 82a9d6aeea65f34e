"""Run ``edgecrack-train`` and turn what it raises into an exit code."""

from __future__ import annotations

import os

from edgecrack.program import run_program
from training.commands import app


def main() -> None:
    """Run the command line and end with the error's exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    run_program(
        "edgecrack-train",
        app,
        extra="train",
        if_interrupted="stopped; fit --resume continues from the last finished epoch.",
    )


if __name__ == "__main__":
    main()
