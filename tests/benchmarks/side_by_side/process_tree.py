"""A child process: how it ended, the CPU time of all its processes, and their peak memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_EVERY_S = 0.2


@dataclass(frozen=True, slots=True)
class Ended:
    """What a process tree came to.

    Attributes:
        code: The exit code of its root.
        stdout: What that printed.
        stderr: What that complained of.
        wall_s: How long it ran, start and end included.
        cpu_s: CPU seconds of the root and of all descendants that it waited for.
        peak_bytes: Largest sum of the peak resident sizes of processes that lived together.
    """

    code: int
    stdout: str
    stderr: str
    wall_s: float
    cpu_s: float
    peak_bytes: int


def watch(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Ended:
    """Run a command to its end, and look at its memory five times a second.

    Args:
        command: What to run.
        folder: Where its output is kept meanwhile.
        environment: All of its environment.
    """
    out, err = folder / "stdout", folder / "stderr"
    peaks_bytes, over = [0], threading.Event()
    began_s = time.monotonic()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        child = subprocess.Popen(
            command, stdout=stdout, stderr=stderr, stdin=subprocess.DEVNULL, env=environment
        )

    def sample() -> None:
        while not over.wait(_EVERY_S):
            peaks_bytes.append(_tree_bytes(child.pid))

    sampler = threading.Thread(target=sample)
    sampler.start()
    try:
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    except BaseException:  # also Ctrl-C: nothing is left behind
        child.kill()
        raise
    finally:
        over.set()
        sampler.join()
    return Ended(
        code=child.returncode,
        stdout=out.read_text(encoding="utf-8", errors="replace"),
        stderr=err.read_text(encoding="utf-8", errors="replace"),
        wall_s=time.monotonic() - began_s,
        cpu_s=usage.ru_utime + usage.ru_stime,
        peak_bytes=max(peaks_bytes),
    )


def _tree_bytes(root: int) -> int:
    """Return the sum of the peaks of a process and of all its living descendants."""
    waiting, total_bytes = [root], 0
    while waiting:
        pid = waiting.pop()
        try:
            status = Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
            for task in Path(f"/proc/{pid}/task").iterdir():
                waiting += map(int, (task / "children").read_text().split())
        except OSError:  # it has ended
            continue
        total_bytes += peak_bytes(status)
    return total_bytes


def peak_bytes(status: str) -> int:
    r"""Return the peak resident size that ``/proc/PID/status`` states; 0 of a process that ended.

    Example:
        >>> peak_bytes("Name: x\nVmHWM:\t   12 kB\n")
        12288
    """
    lines = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return next((int(line.split()[1]) * 1024 for line in lines), 0)
