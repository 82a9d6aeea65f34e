"""A unit with everything on, which notes how old each of its results is.

``python -m tests.proof.soak_unit NOTES ARGUMENTS`` is ``edgecrack run ARGUMENTS``; NOTES gets the
time and the age of every result, as pairs of doubles.
"""

from __future__ import annotations

import sys
import time
from array import array
from pathlib import Path

from edgecrack.__main__ import main
from edgecrack.meter import Meter

NOTED_AT_ONCE = 512


def note_ages(path: Path) -> None:
    """Let every meter of this process also note what it is told."""
    noted, detected = array("d"), Meter.detected

    def noting(meter, detection):
        detected(meter, detection)
        now_ns = time.monotonic_ns()
        noted.extend((now_ns / 1e9, (now_ns - detection.frame.monotonic_ns) / 1e6))
        if len(noted) >= NOTED_AT_ONCE:
            with path.open("ab") as file:
                noted.tofile(file)
            del noted[:]

    Meter.detected = noting  # type: ignore[method-assign]


if __name__ == "__main__":
    note_ages(Path(sys.argv[1]))
    sys.argv = ["edgecrack", *sys.argv[2:]]
    main()
