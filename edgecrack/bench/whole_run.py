"""A whole run over a video, as ``edgecrack run`` does it, everything written; and its report."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.bench.memory import peak_memory_bytes, reset_peak_memory
from edgecrack.bench.result import EndToEnd, Live
from edgecrack.config import RunConfig
from edgecrack.run import run
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec

if TYPE_CHECKING:
    from edgecrack.report import RunReport
    from edgecrack.segmenters import ModelSpec


def measure_run(video: str, model: ModelSpec) -> EndToEnd:
    """Survey a video as fast as it goes, with the mask and the picture of every frame.

    Args:
        video: Path or address.
        model: Bundle, backend, precision and size.

    Raises:
        EdgecrackError: The run failed.
    """
    reset_peak_memory()
    report = _report(video, model, live=False)
    return EndToEnd(
        frames=report.frames_out,
        fps=report.fps_out,
        core_ms=report.core_ms_per_frame,
        overhead_core_ms=report.overhead_core_ms,
        peak_memory_bytes=peak_memory_bytes(),
    )


def measure_live(clip: str, camera_fps: float, model: ModelSpec) -> Live:
    """Survey a video at its own pace, as a camera gives it.

    Args:
        clip: A video of a fixed rate.
        camera_fps: That rate.
        model: Bundle, backend, precision and size.

    Raises:
        EdgecrackError: The run failed.
    """
    report = _report(clip, model, live=True)
    age = report.capture_to_result_ms
    return Live(
        camera_fps=camera_fps,
        frames=report.frames_in,
        dropped=sum(report.frames_dropped.values()),
        age_p50_ms=age.p50_ms,
        age_p95_ms=age.p95_ms,
        age_p99_ms=age.p99_ms,
    )


def _report(video: str, model: ModelSpec, *, live: bool) -> RunReport:
    with tempfile.TemporaryDirectory(prefix="edgecrack-bench-") as folder:
        config = RunConfig(
            source=SourceSpec(address=video, live=live),
            model=model,
            output=OutputSpec(folder=Path(folder) / "run", all_masks=True),
        )
        return run(config).report
