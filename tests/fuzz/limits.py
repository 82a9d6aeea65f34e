"""What no input may take: processor time, time, and memory."""

from __future__ import annotations

import resource
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

WALL_S = 300.0
"""So long no input may take by the clock, however busy the machine is: what waits uses none."""

MORE_BYTES = 1 << 30
"""So much memory may be asked for, beyond what a target takes before the first input."""


class HangError(BaseException):
    """An input took too long. No part of the program can catch it by accident."""


@contextmanager
def time_limit(cpu_s: float, wall_s: float = WALL_S) -> Iterator[None]:
    """Raise `HangError` in the main thread when one of the limits is reached.

    What never comes back to Python is not seen here: whoever watches the process sees it.
    """

    def ring(number: int, _frame: object) -> None:
        what = f"{cpu_s:g} s of processor time"
        raise HangError(what if number == signal.SIGPROF else f"{wall_s:g} s")

    before = [signal.signal(number, ring) for number in (signal.SIGPROF, signal.SIGALRM)]
    signal.setitimer(signal.ITIMER_PROF, cpu_s)
    signal.setitimer(signal.ITIMER_REAL, wall_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_REAL, 0)
        for number, handler in zip((signal.SIGPROF, signal.SIGALRM), before, strict=True):
            signal.signal(number, handler)


def bound_memory() -> None:
    """Let this process ask for `MORE_BYTES` more memory, and no more: then it is a MemoryError."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[5])  # data and stack
    most = pages * resource.getpagesize() + MORE_BYTES
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
