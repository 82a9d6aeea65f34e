"""Every error edgecrack raises on purpose, and the exit code each one ends with.

::

    EdgecrackError              70  nothing better is known
    ├── UsageError               2  the command line cannot mean anything; do not restart
    ├── NotHealthyError          3  a self-test ran and failed
    ├── BundleError             65  the model bundle is unusable here; fall back to another
    ├── InputError              66  this input can never work; do not restart
    ├── SinkError               74  a result could not be written
    ├── SourceError             75  a camera or receiver went away and may come back
    └── ConfigError             78  a person must edit a file; do not restart

``INTERRUPTED`` (130) is what a run ends with after Ctrl-C or SIGTERM: its report is written.

A message is one sentence that says what was wanted, what was found, and what to do. A foreign
error is wrapped once, where it enters, with ``from``. Only ``__main__`` turns an error into an
exit code, so nothing below it prints, exits, or catches ``Exception``. The numbers follow
``sysexits.h``, so that systemd can tell a fault that passes from one that only a person ends.
"""

from __future__ import annotations

from typing import ClassVar

INTERRUPTED = 130


class EdgecrackError(Exception):
    """Any failure edgecrack can explain."""

    exit_code: ClassVar[int] = 70


class UsageError(EdgecrackError):
    """The arguments contradict each other or ask for something that does not exist."""

    exit_code: ClassVar[int] = 2


class NotHealthyError(EdgecrackError):
    """A self-test ran to its end and its answer is no."""

    exit_code: ClassVar[int] = 3


class BundleError(EdgecrackError):
    """A model bundle is damaged, foreign, or needs something this device lacks."""

    exit_code: ClassVar[int] = 65


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
    """A configuration file says something that is not understood."""

    exit_code: ClassVar[int] = 78
