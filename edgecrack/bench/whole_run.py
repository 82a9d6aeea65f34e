"""A whole run over a video, as ``edgecrack run`` does it, everything written; and its report."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.bench.memory import peak_memory_bytes
from edgecrack.bench.result import EndToEnd, Live
from edgecrack.config import RunConfig
from edgecrack.run import run
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec
from edgecrack.stop_signal import StopSignal

if TYPE_CHECKING:
    from edgecrack.report import RunReport
    from edgecrack.segmenters import ModelSpec


def measure_run(video: str, model: ModelSpec, folder: Path, most_s: float) -> EndToEnd:
    """Survey a video as fast as it goes, with the mask and the picture of every frame.

    Args:
        video: Path of a video or of a folder of pictures.
        model: Bundle, backend, precision and size.
        folder: Where to write for the time being.
        most_s: How long to go on; the rest of a longer video is left out.

    Raises:
        EdgecrackError: The run failed.
    """
    report = _report(video, model, folder, most_s)
    return EndToEnd(
        frames=report.frames_out,
        fps=report.fps_out,
        core_ms=report.core_ms_per_frame,
        overhead_core_ms=report.overhead_core_ms,
        peak_memory_bytes=peak_memory_bytes(),
    )


def measure_live(clip: str, camera_fps: float, model: ModelSpec, folder: Path) -> Live:
    """Survey a video at its own pace, as a camera gives it.

    Args:
        clip: A video of a fixed rate.
        camera_fps: That rate.
        model: Bundle, backend, precision and size.
        folder: Where to write for the time being.

    Raises:
        EdgecrackError: The run failed.
    """
    report = _report(clip, model, folder, None)
    age = report.capture_to_result_ms
    return Live(
        camera_fps=camera_fps,
        frames=report.frames_in,
        dropped=sum(report.frames_dropped.values()) - report.frames_dropped["opening"],
        age_p50_ms=age.p50_ms,
        age_p95_ms=age.p95_ms,
        age_p99_ms=age.p99_ms,
    )


def _report(video: str, model: ModelSpec, folder: Path, most_s: float | None) -> RunReport:
    """Survey a video, live where nothing says how long, and remove what was written."""
    stop, began_s = StopSignal(), time.monotonic()

    def watch(_what: str, _done: int, _total: int | None) -> None:
        if most_s is not None and time.monotonic() - began_s > most_s:
            stop.ask()

    with tempfile.TemporaryDirectory(dir=folder) as place:
        config = RunConfig(
            source=SourceSpec(address=video, live=True if most_s is None else None),
            model=model,
            output=OutputSpec(folder=Path(place) / "run", all_masks=True),
        )
        return run(config, stop, watch).report
