"""When a contestant had each result, and what it had used by then."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.contestants import frame_number

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from tests.benchmarks.contestants.job import Job


class Diary:
    """Notes of one loop. The clocks run from here to the last file that was written."""

    def __init__(self, job: Job) -> None:
        self._job = job
        self._results: list[tuple[int | None, int]] = []
        self._written = 0
        self._began_ns, self._began_cpu_s = time.monotonic_ns(), _cpu_s()
        self.last_ns, self._last_cpu_s = self._began_ns, self._began_cpu_s

    def has_result(self, frame: NDArray[np.uint8]) -> None:
        """Note that the mask of a frame exists."""
        now_ns = time.monotonic_ns()
        number = frame_number.read(frame) if self._job.live else len(self._results)
        self._results.append((number, now_ns))

    def has_written(self) -> None:
        """Note that a frame's files are written."""
        self._written += 1
        self.last_ns, self._last_cpu_s = time.monotonic_ns(), _cpu_s()

    def leave(self, versions: str, threads: str) -> None:
        """Write ``figures.json``."""
        figures: dict[str, Any] = {
            "frames": self._written,
            "wall_s": (self.last_ns - self._began_ns) / 1e9,
            "cpu_s": self._last_cpu_s - self._began_cpu_s,
            "results": self._results,
            "versions": versions,
            "threads": threads,
        }
        path = Path(self._job.folder) / "figures.json"
        path.write_text(json.dumps(figures), encoding="utf-8")


def _cpu_s() -> float:
    """Return the CPU seconds of this process and its ended children."""
    return sum(os.times()[:4])
