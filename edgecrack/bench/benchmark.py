"""The benchmark as a whole: which variants, over what video, one process after another."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from edgecrack import __version__
from edgecrack.bench.clip import read_frames, write_clip
from edgecrack.bench.result import BenchResult
from edgecrack.bench.sensors import SensorLog
from edgecrack.bench.variant import Job, measure_variant
from edgecrack.device import describe_device
from edgecrack.errors import BundleError, EdgecrackError, UsageError
from edgecrack.models import open_bundle
from edgecrack.models.selftest import asked_variants
from edgecrack.models.variants import unavailable
from edgecrack.records import ModelIdentity
from edgecrack.redaction import redact
from edgecrack.segmenters import AUTO, ModelSpec
from edgecrack.sources.address import Kind, parse_address
from edgecrack.synthetic.drive import DriveSpec, render_frames

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edgecrack.bench.result import Row
    from edgecrack.bundle import Bundle
    from edgecrack.models.variants import Variant
    from edgecrack.records import RgbImage

    OnProgress = Callable[[str, int, int | None], None]

LEAST_DURATION_S, MOST_DURATION_S = 0.1, 3600.0
LEAST_CLIP_FRAMES = 30
"""A run leaves its first frames out, and some must be left."""
RUN_TIMES = 6
"""A whole run of a long video goes on for this many times the duration of a measurement."""
COMPARED = 40
"""Pictures of the video on which the masks are compared, beside the golden frames."""


@dataclass(frozen=True, slots=True)
class BenchSpec:
    """What to measure.

    Attributes:
        bundle: Bundle directory, or name of a model that comes along; None is the default one.
        backend: One backend, or ``all``.
        precision: One precision, or ``all``.
        size_px: One input size, or None for all that the bundle has.
        source: A video; None renders a short drive.
        live_fps: Rate of the camera, 1 to 240.
        duration_s: How long each measurement lasts.
        whole_runs: Whether whole runs and live runs are measured, too.
    """

    bundle: Path | None = None
    backend: str = "all"
    precision: str = "all"
    size_px: tuple[int, int] | None = None
    source: str | None = None
    live_fps: float = 30.0
    duration_s: float = 10.0
    whole_runs: bool = True

    def __post_init__(self) -> None:
        """Refuse what cannot be measured.

        Raises:
            UsageError: A number is out of range, or the source is no file.
        """
        if self.source is not None and parse_address(self.source).kind is not Kind.FILE:
            raise UsageError(
                f"--source must be a file or a folder, which ends, not {redact(self.source)}; "
                "record some of it first."
            )
        if not 1 <= self.live_fps <= 240:
            raise UsageError(f"--live-fps must be 1 to 240, not {self.live_fps:g}.")
        if not LEAST_DURATION_S <= self.duration_s <= MOST_DURATION_S:
            raise UsageError(
                f"--duration must be {LEAST_DURATION_S:g} to {MOST_DURATION_S:g} seconds, not "
                f"{self.duration_s:g}."
            )

    @property
    def model(self) -> ModelSpec:
        """The same as a choice that leaves open what is ``all``.

        Raises:
            UsageError: Backend or precision is unknown.
        """
        backend, precision = (
            AUTO if value == "all" else value for value in (self.backend, self.precision)
        )
        try:
            return ModelSpec(
                bundle=self.bundle, size_px=self.size_px, backend=backend, precision=precision
            )
        except ValueError as error:
            raise UsageError(f"--{error}, or all.") from error


def benchmark(
    spec: BenchSpec, on_progress: OnProgress = lambda _what, _done, _total: None
) -> BenchResult:
    """Measure every variant of a bundle that this machine can run.

    Args:
        spec: What to measure.
        on_progress: Told how many variants are done, and of how many.

    Raises:
        EdgecrackError: A variant that was asked for cannot be run, or a measurement failed.
    """
    model, bundle = spec.model, open_bundle(spec.model)
    variants = _measured(bundle, model)
    with tempfile.TemporaryDirectory(prefix="edgecrack-bench-") as folder, SensorLog() as sensors:
        jobs = list(_jobs(spec, model, variants, Path(folder)))
        rows, failed = _measure_all(jobs, on_progress)
    manifest = bundle.manifest
    return BenchResult(
        edgecrack=__version__,
        written_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        device=describe_device(),
        model=ModelIdentity(manifest.name, manifest.release, bundle.sha256),
        source=_source_name(spec),
        not_run=unavailable(bundle),
        failed=failed,
        sensors=sensors.summary(),
        rows=tuple(rows),
    )


def _measure_all(jobs: Sequence[Job], on_progress: OnProgress) -> tuple[list[Row], dict[str, str]]:
    """Measure one variant after the other; one that fails does not take the others with it.

    Raises:
        EdgecrackError: The first failure, where all failed.
    """
    rows: list[Row] = []
    failures: dict[str, EdgecrackError] = {}
    for done, job in enumerate(jobs):
        on_progress("variants measured", done, len(jobs))
        try:
            rows.append(measure_variant(job))
        except EdgecrackError as error:
            width_px, height_px = job.model.size_px or (0, 0)
            name = f"{job.model.backend} {job.model.precision} {width_px}x{height_px}"
            failures[name] = error
    on_progress("variants measured", len(jobs), len(jobs))
    if not rows:
        raise next(iter(failures.values()))
    return rows, {name: str(error) for name, error in failures.items()}


def _measured(bundle: Bundle, model: ModelSpec) -> list[tuple[Variant, tuple[int, int]]]:
    """Return each variant that was asked for, at each size that was asked for."""
    found = [
        (variant, network.size_px)
        for variant in asked_variants(bundle, model)
        for network in bundle.networks(variant.precision, model.size_px)
    ]
    if not found:
        raise BundleError(f"bundle {bundle.path} has nothing to measure; export it again.")
    return found


def _jobs(
    spec: BenchSpec,
    model: ModelSpec,
    variants: Sequence[tuple[Variant, tuple[int, int]]],
    folder: Path,
) -> Iterator[Job]:
    """Yield a job for each variant, having written what they share into a folder."""
    frames = _frames(spec)
    pictures, clip = folder / "pictures.npy", folder / "clip.mp4"
    np.save(pictures, np.stack(frames[:: -(-len(frames) // COMPARED)]), allow_pickle=False)
    if spec.whole_runs:
        count = max(LEAST_CLIP_FRAMES, round(spec.live_fps * spec.duration_s))
        write_clip(frames, clip, spec.live_fps, count)
    for variant, size_px in variants:
        yield Job(
            model=replace(
                model, backend=variant.backend, precision=variant.precision, size_px=size_px
            ),
            duration_s=spec.duration_s,
            folder=folder,
            pictures=pictures,
            video=(spec.source or str(clip)) if spec.whole_runs else None,
            most_run_s=RUN_TIMES * spec.duration_s,
            clip=str(clip) if spec.whole_runs else None,
            camera_fps=spec.live_fps,
        )


def _frames(spec: BenchSpec) -> list[RgbImage]:
    if spec.source is not None:
        return read_frames(spec.source)
    return [frame.picture for frame in render_frames(DriveSpec(seconds=2.4))]


def _source_name(spec: BenchSpec) -> str:
    return "a rendered drive, 1280x720" if spec.source is None else Path(spec.source).name
