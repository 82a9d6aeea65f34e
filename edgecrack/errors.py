"""The errors that edgecrack raises, and the exit code of each.

::

    EdgecrackError              70  none of those below
    ├── UsageError               2  the command line is wrong; do not restart
    │   └── RegionError          2  the picture that came does not hold the region
    ├── NotHealthyError          3  a self-test ran and failed
    ├── BundleError             65  the model bundle is unusable here; fall back to another
    │   └── EngineError         65  no TensorRT engine of it can be built, or fits
    ├── InputError              66  an input is missing or broken; do not restart
    ├── SinkError               74  a result could not be written
    ├── SourceError             75  a camera or receiver went away and may come back
    └── ConfigError             78  a person must edit a file; do not restart

After Ctrl-C or SIGTERM a run still writes its report and ends with ``INTERRUPTED`` (130).

A message is one sentence that says what was wanted, what was found, and what to do. A library's
error is wrapped once, where it is caught, with ``from``. Only ``__main__`` turns an error into an
exit code; nothing below it prints, exits, or catches ``Exception``. The numbers follow
``sysexits.h``, so that systemd restarts only where that can help.

Every message is made printable, one line of bounded length, and loses the secrets of its addresses
here, where it is born: whoever writes one need not think of that, and whoever shows or stores it
cannot forget.
"""

from __future__ import annotations

from typing import ClassVar

from edgecrack.printable import one_line, printable
from edgecrack.redaction import redact

INTERRUPTED = 130


class EdgecrackError(Exception):
    """Base of all errors that edgecrack raises.

    Args:
        message: What was wanted, what was found, what to do.
    """

    exit_code: ClassVar[int] = 70

    def __init__(self, message: str) -> None:
        super().__init__(one_line(redact(printable(message))))


class UsageError(EdgecrackError):
    """The arguments contradict each other or ask for something that does not exist."""

    exit_code: ClassVar[int] = 2


class RegionError(UsageError):
    """A picture does not hold the region; a camera may yet come up in a mode that does."""


class NotHealthyError(EdgecrackError):
    """A self-test ran and failed."""

    exit_code: ClassVar[int] = 3


class BundleError(EdgecrackError):
    """A model bundle is damaged, not a bundle, or needs something this device lacks."""

    exit_code: ClassVar[int] = 65


class EngineError(BundleError):
    """A TensorRT engine cannot be built, is not what was asked for, or does not fit this device."""


class InputError(EdgecrackError):
    """A file is missing, broken or of the wrong kind: trying again cannot help."""

    exit_code: ClassVar[int] = 66


class SinkError(EdgecrackError):
    """A result could not be written; what was acknowledged before is whole."""

    exit_code: ClassVar[int] = 74


class SourceError(EdgecrackError):
    """A live source stopped; starting again may help."""

    exit_code: ClassVar[int] = 75


class ConfigError(EdgecrackError):
    """A configuration file is unreadable, or a key or value in it is wrong."""

    exit_code: ClassVar[int] = 78
