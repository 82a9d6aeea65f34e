"""All that is measured of one variant: inference alone, a whole run, and a live one."""

from __future__ import annotations

import time
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.bench.apart import apart
from edgecrack.bench.inference import compare_answers, measure_latency, measure_throughput
from edgecrack.bench.memory import peak_memory_bytes
from edgecrack.bench.result import Row
from edgecrack.bench.whole_run import measure_live, measure_run
from edgecrack.models import open_bundle
from edgecrack.models.golden_files import decode_picture
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.segmenters.backends import prepare
from edgecrack.segmenters.picture import as_input

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.bench.result import Agreement
    from edgecrack.bundle import Bundle
    from edgecrack.records import RgbImage


@dataclass(frozen=True, slots=True)
class Job:
    """What is to be measured of one variant.

    Attributes:
        model: Bundle, backend, precision and size; nothing of it left open.
        duration_s: How long inference alone is measured.
        folder: Where runs may write; whoever asks removes it.
        pictures: File of pictures of the video, uint8 (N, H, W, 3), as NumPy writes it; they are
            compared beside the golden frames.
        video: What a whole run surveys; None leaves it out.
        most_run_s: How long the whole run goes on.
        clip: What a live run surveys, a video of `camera_fps`; None leaves it out.
        camera_fps: Its rate.
    """

    model: ModelSpec
    duration_s: float
    folder: Path
    pictures: Path
    video: str | None
    most_run_s: float
    clip: str | None
    camera_fps: float


def measure_variant(job: Job) -> Row:
    """Measure one variant, each part in a new process; an engine that it lacks is built before.

    Raises:
        EdgecrackError: The network cannot be run here, or a run failed.
    """
    name = f"{job.model.backend} {job.model.precision}"
    bundle = open_bundle(job.model)
    prepare(job.model.backend, bundle, bundle.model(job.model.precision, job.model.size_px))
    row = apart(f"inference with {name}", measure_inference, job)
    end_to_end = live = None
    if job.video is not None:
        end_to_end = apart(
            f"a run with {name}", measure_run, job.video, job.model, job.folder, job.most_run_s
        )
    if job.clip is not None:
        live = apart(
            f"a live run with {name}",
            measure_live, job.clip, job.camera_fps, job.model, job.folder,
        )  # fmt: skip
    return replace(row, end_to_end=end_to_end, live=live)


def measure_inference(job: Job) -> Row:
    """Measure inference alone in this process, whose memory so far counts.

    Raises:
        BundleError: The network cannot be run here.
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
        throughput_fps, core_ms = measure_throughput(segmenter, frames, job.duration_s)
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
