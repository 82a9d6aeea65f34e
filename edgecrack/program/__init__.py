"""The four programs: how each ends, what it needs, and what stands before its commands.

Here: what a program raised becomes a sentence on stderr and an exit code.
"""

from __future__ import annotations

import sys
import traceback
from typing import TYPE_CHECKING

from edgecrack.errors import INTERRUPTED, EdgecrackError
from edgecrack.program.extras import extras_needed
from edgecrack.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable


def run_program(
    name: str, app: Callable[[], object], *, extra: str = "", if_interrupted: str = ""
) -> None:
    """Run a command line and end the process as its error says.

    An error that nobody foresaw ends with 70 like any other of ours, so that a service manager
    may start the program again, and shows where it came from.

    Args:
        name: What a person types to start the program.
        app: Reads the command line and does what it says.
        extra: The extra of the distribution that brings the program's libraries, if any does.
        if_interrupted: What to tell a person after Ctrl-C.
    """
    try:
        with extras_needed(extra):
            app()
    except EdgecrackError as error:
        _tell(f"{name}: {error}")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        if if_interrupted:
            _tell(f"{name}: {if_interrupted}")
        sys.exit(INTERRUPTED)
    except Exception as error:  # noqa: BLE001  a fault of the program's own
        kind = type(error).__name__
        _tell(f"{name}: this should not happen ({kind}); please report it with the lines below.")
        _tell(redact(traceback.format_exc().rstrip()))
        sys.exit(EdgecrackError.exit_code)


def _tell(text: str) -> None:
    sys.stderr.write(f"{text}\n")
