"""Roboflow's ``InferencePipeline`` with our network inside: it decodes, buffers and dispatches.

``python -m tests.benchmarks.contestants.roboflow_pipeline JOB``
"""

from __future__ import annotations

import sys
import threading
import time
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.contestants.crack_finder import CrackFinder
from tests.benchmarks.contestants.diary import Diary
from tests.benchmarks.contestants.job import read_job

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

_KEPT: list[object] = []
_SILENCE_S = 3.0  # it would wait for a stream for ever


def main() -> None:
    """Do the job that a file describes."""
    _load_torchvision()
    from inference import InferencePipeline  # noqa: PLC0415  loaded by this peer alone

    job = read_job(Path(sys.argv[1]))
    finder = CrackFinder(job)
    diary = Diary(job)
    kept = iter(range(2**31))

    def on_video_frame(frames: list[Any]) -> list[NDArray[np.uint8]]:
        masks = [finder.find(frame.image) for frame in frames]
        for frame in frames:
            diary.has_result(frame.image)
        return masks

    def on_prediction(mask: NDArray[np.uint8], frame: Any) -> None:
        finder.keep(frame.image, mask, next(kept))
        diary.has_written()

    pipeline = InferencePipeline.init_with_custom_logic(
        video_reference=job.video, on_video_frame=on_video_frame, on_prediction=on_prediction
    )
    if job.live:
        _end_after_silence(diary, pipeline.terminate)
    pipeline.start(use_main_thread=False)
    pipeline.join()
    versions = f"inference {version('inference')}, {finder.runs_on}"
    diary.leave(versions, "a decoder, the network and the sink; all cores on one picture")


def _load_torchvision() -> None:
    """Let torchvision be imported, which ``inference`` insists on and nothing here calls.

    The index has it for CUDA alone. Beside a CPU build of torch its own operators cannot be loaded,
    and it refuses to be imported because two that it describes do not exist.
    """
    import torch  # noqa: PLC0415  loaded by this peer alone

    try:
        import_module("torchvision")
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        _KEPT.append(library)  # what it defines goes with it


def _end_after_silence(diary: Diary, terminate: Callable[[], None]) -> None:
    began_ns, never = diary.last_ns, threading.Event()

    def watch() -> None:
        while time.monotonic_ns() - diary.last_ns < _SILENCE_S * 1e9 or diary.last_ns == began_ns:
            never.wait(0.2)
        terminate()

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
