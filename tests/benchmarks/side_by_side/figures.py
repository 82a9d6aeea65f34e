"""What one trial came to, and the better of several."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """One contestant with one video.

    Attributes:
        fps: File: frames over the wall time of the loop, all files written. Live: rate of results.
        frames: Frames that got a mask.
        core_ms: CPU time a frame of the loop, all threads.
        process_cpu_s: CPU time of the whole process tree, start and end included.
        start_s: Wall time outside of the loop: imports, the network, the end.
        peak_bytes: Peak memory of the process tree.
        runs_on: Libraries and versions.
        threads: How it uses the cores.
        lost: Live: frames that got no mask, from the sixth result on.
        age_p50_ms: Live: half of the results were no older than this, from sending to mask.
        age_p95_ms: The same of 95 percent.
    """

    fps: float
    frames: int
    core_ms: float
    process_cpu_s: float
    start_s: float
    peak_bytes: int
    runs_on: str
    threads: str
    lost: int = 0
    age_p50_ms: float | None = None
    age_p95_ms: float | None = None


def fastest(trials: Iterable[Figures]) -> Figures:
    """Return the trial with the highest rate: what disturbs a run only ever slows it."""
    return max(trials, key=lambda figures: figures.fps)


def of_report(report: Mapping[str, Any], *, live: bool) -> dict[str, Any]:
    """Return what edgecrack's report says of itself, in the names of `Figures`."""
    rate = report["fps_out"] if live else report["frames_out"] / report["wall_s"]
    return {
        "fps": rate,
        "frames": report["frames_out"],
        "core_ms": report["core_ms_per_frame"],
        "runs_on": f"{str(report['backend']).partition(' CPU')[0]}, {report['precision']}",
        "threads": f"{report['frames_at_once']} frame(s) at a time",
    }


def of_diary(diary: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a peer noted of itself, in the names of `Figures`; the rate is that of files."""
    frames, wall_s, cpu_s = diary["frames"], diary["wall_s"], diary["cpu_s"]
    if not frames:
        raise ValueError("it read no frame")
    return {
        "fps": frames / wall_s,
        "frames": frames,
        "core_ms": 1e3 * cpu_s / frames,
        "runs_on": diary["versions"],
        "threads": diary["threads"],
    }
