"""CPU time of threads that a library started, from Linux's ``/proc``."""

from __future__ import annotations

import os
from pathlib import Path

_TASKS = Path("/proc/self/task")


def thread_ids() -> frozenset[int]:
    """Return the id of every thread of this process; none where there is no ``/proc``."""
    tasks = _TASKS.iterdir() if _TASKS.is_dir() else ()
    return frozenset(int(task.name) for task in tasks)


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
