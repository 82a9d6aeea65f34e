"""CPU time of threads that a library started, from Linux's ``/proc``."""

from __future__ import annotations

import os
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TASKS = Path("/proc/self/task")


def thread_ids() -> frozenset[int]:
    """Return the id of every thread of this process; none where there is no ``/proc``."""
    tasks = _TASKS.iterdir() if _TASKS.is_dir() else ()
    return frozenset(int(task.name) for task in tasks)


@contextmanager
def started_threads() -> Iterator[set[int]]:
    """Give a set that will hold, in the end, the threads that the calling thread started meanwhile.

    A thread begins with the name of the one that started it, which has a name of its own here:
    threads that others start at the same time are told apart. Empty where there is no ``/proc``.
    """
    started: set[int] = set()
    if not _TASKS.is_dir():
        yield started
        return
    ident, before = threading.get_native_id(), thread_ids()
    usual_name, mark = _name(ident), f"loads {ident}"
    _rename(ident, mark)
    try:
        yield started
    finally:
        _rename(ident, usual_name)
    started.update(new for new in thread_ids() - before if _name(new) == mark)


def _name(ident: int) -> str:
    try:
        return (_TASKS / str(ident) / "comm").read_text().rstrip("\n")
    except OSError:  # it has ended
        return ""


def _rename(ident: int, name: str) -> None:
    (_TASKS / str(ident) / "comm").write_text(name)


def cpu_seconds(ids: frozenset[int]) -> float:
    """Return the CPU time these threads have used so far; threads that have ended add nothing."""
    ticks = 0
    for ident in ids:
        try:
            # utime and stime are fields 14 and 15 of proc(5); the name before may hold spaces.
            fields = (_TASKS / str(ident) / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")
