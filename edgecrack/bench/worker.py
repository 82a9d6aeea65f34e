"""One variant measured in a process of its own: load time and peak memory are then its alone."""

from __future__ import annotations

import multiprocessing
import signal
import time
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from edgecrack.bench.inference import compare_answers, measure_latency, measure_throughput
from edgecrack.bench.memory import peak_memory_bytes
from edgecrack.bench.result import Row
from edgecrack.bench.whole_run import measure_live, measure_run
from edgecrack.errors import EdgecrackError
from edgecrack.models import open_bundle
from edgecrack.models.golden_files import decode_picture
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.segmenters.picture import as_input

if TYPE_CHECKING:
    from multiprocessing.connection import Connection

    from edgecrack.bench.result import Agreement
    from edgecrack.bundle import Bundle
    from edgecrack.records import RgbImage


@dataclass(frozen=True, slots=True)
class Job:
    """What one process is to measure.

    Attributes:
        model: Bundle, backend, precision and size; nothing of it left open.
        duration_s: How long inference alone is measured.
        pictures: File of pictures of the video, uint8 (N, H, W, 3), as NumPy writes it; they are
            compared beside the golden frames.
        video: What a whole run surveys; None leaves it out.
        clip: What a live run surveys, a video of `camera_fps`; None leaves it out.
        camera_fps: Its rate.
    """

    model: ModelSpec
    duration_s: float
    pictures: Path
    video: str | None
    clip: str | None
    camera_fps: float


def measure_apart(job: Job) -> Row:
    """Measure one variant in a new process.

    Raises:
        EdgecrackError: What went wrong there.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(job, sender), daemon=True)
    process.start()
    sender.close()
    try:
        outcome: Any = receiver.recv()
    except EOFError as error:
        process.join()
        raise EdgecrackError(
            f"the process that measures {job.model.backend} {job.model.precision} must send its "
            f"figures, but ended with {process.exitcode}; is there enough memory?"
        ) from error
    finally:
        process.terminate()
        process.join()
    if isinstance(outcome, EdgecrackError):
        raise outcome
    row: Row = outcome
    return row


def _send(job: Job, sender: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends this
    try:
        sender.send(measure(job))
    except EdgecrackError as error:
        sender.send(error)


def measure(job: Job) -> Row:
    """Measure one variant in this process, whose memory so far counts.

    Raises:
        EdgecrackError: The network cannot be run here, or a run failed.
    """
    bundle = open_bundle(job.model)
    size_px = job.model.size_px or bundle.manifest.sizes_px[0]
    frames = _golden_frames(bundle, size_px)
    began_s = time.perf_counter()
    with closing(load_segmenter(bundle, job.model, live=True)) as segmenter:
        load_ms = 1e3 * (time.perf_counter() - began_s)
        latency = measure_latency(segmenter, frames, job.duration_s)
        inspected, runs_on = segmenter.precision, segmenter.backend
    with closing(load_segmenter(bundle, job.model, live=False)) as segmenter:
        throughput_fps, core_ms = measure_throughput(segmenter, frames, job.duration_s / 2)
    inference_bytes = peak_memory_bytes()
    return Row(
        backend=job.model.backend,
        precision=job.model.precision,
        inspected=inspected,
        runs_on=runs_on,
        width_px=size_px[0],
        height_px=size_px[1],
        load_ms=round(load_ms, 1),
        latency=latency,
        throughput_fps=throughput_fps,
        core_ms=core_ms,
        peak_memory_bytes=inference_bytes,
        agreement=_agreement(bundle, job, frames),
        end_to_end=measure_run(job.video, job.model) if job.video else None,
        live=measure_live(job.clip, job.camera_fps, job.model) if job.clip else None,
    )


def _golden_frames(bundle: Bundle, size_px: tuple[int, int]) -> list[RgbImage]:
    """Return the golden frames of a size, or grey where a bundle has none."""
    golden = bundle.manifest.golden_of(size_px)
    frames = [decode_picture(bundle.read(entry.frame), entry.frame) for entry in golden]
    return frames or [np.full((size_px[1], size_px[0], 3), 128, np.uint8)]


def _agreement(bundle: Bundle, job: Job, golden: list[RgbImage]) -> Agreement:
    size_px = (golden[0].shape[1], golden[0].shape[0])
    pictures = np.load(job.pictures, mmap_mode="r", allow_pickle=False)
    frames = [*golden, *(as_input(np.asarray(picture), size_px) for picture in pictures)]
    fp32 = replace(job.model, backend="onnxruntime", precision="fp32")
    with (
        closing(load_segmenter(bundle, job.model, live=True)) as segmenter,
        closing(load_segmenter(bundle, fp32, live=True)) as reference,
    ):
        return compare_answers(segmenter, reference, frames)
