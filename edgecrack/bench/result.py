"""What the benchmark measured, as records; JSON in both ways."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.bench.sensors import SensorSummary
    from edgecrack.device import Device
    from edgecrack.records import ModelIdentity

SCHEMA_VERSION = 1
LEAST_COUNT = 100
"""Inferences that are timed at least, however short the time."""
LEAST_MASK_IOU = 0.98
"""Masks that agree less with those of FP32 are others."""
MOST_VARIATION = 0.05
"""Above this coefficient of variation the machine was not quiet enough to compare."""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long one inference took, all cores on one frame; the warm-up is not in it.

    Attributes:
        count: Inferences that count.
        min_ms: Shortest.
        mean_ms: Mean.
        p50_ms: Median.
        p90_ms: 90 % took at most this.
        p95_ms: 95 % took at most this.
        p99_ms: 99 % took at most this.
        max_ms: Longest.
        variation: Coefficient of variation: standard deviation over mean.
    """

    count: int
    min_ms: float
    mean_ms: float
    p50_ms: float
    p90_ms: float
    p95_ms: float
    p99_ms: float
    max_ms: float
    variation: float

    def as_trtexec(self) -> str:
        """Return the line that trtexec prints, so that people can compare.

        Example:
            >>> Latency(3, 1.0, 2.0, 2.0, 3.0, 3.0, 3.0, 3.0, 0.4).as_trtexec()[:46]
            'Latency: min = 1 ms, max = 3 ms, mean = 2 ms, '
        """
        shares = ((90, self.p90_ms), (95, self.p95_ms), (99, self.p99_ms))
        tail = ", ".join(f"percentile({share}%) = {value:g} ms" for share, value in shares)
        return (
            f"Latency: min = {self.min_ms:g} ms, max = {self.max_ms:g} ms, "
            f"mean = {self.mean_ms:g} ms, median = {self.p50_ms:g} ms, {tail}"
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far the answers are from those of ONNX Runtime in FP32 at the same size.

    Attributes:
        frames: Frames compared: golden frames, and frames of the video.
        mask_iou: IoU of the crack masks of all frames together, 0 to 1; 1 if all are empty.
        max_difference: Largest difference of a crack probability, 0 to 1.
        mean_difference: Mean difference, 0 to 1.
    """

    frames: int
    mask_iou: float
    max_difference: float
    mean_difference: float


@dataclass(frozen=True, slots=True)
class EndToEnd:
    """A run over a video, every mask and picture written.

    Attributes:
        frames: Frames that came out.
        fps: Results a second.
        core_ms: CPU time of the whole process for one frame.
        overhead_core_ms: The part of it that is not inference.
        peak_memory_bytes: Largest resident size of the process.
    """

    frames: int
    fps: float | None
    core_ms: float
    overhead_core_ms: float
    peak_memory_bytes: int


@dataclass(frozen=True, slots=True)
class Live:
    """A run over the same pictures as from a camera of a fixed rate.

    Attributes:
        camera_fps: Pictures a second.
        frames: Pictures that came, those before the network was loaded included.
        dropped: Those of them that were given up after it was.
        age_p50_ms: Median time from capture to result.
        age_p95_ms: 95 % of results were at most this old.
        age_p99_ms: 99 % of results were at most this old.
    """

    camera_fps: float
    frames: int
    dropped: int
    age_p50_ms: float | None
    age_p95_ms: float | None
    age_p99_ms: float | None


@dataclass(frozen=True, slots=True)
class Row:
    """One variant: a backend, a precision and an input size.

    Attributes:
        backend: What ran the network, such as ``openvino``.
        precision: Precision that was asked for.
        inspected: Precision as inspected.
        runs_on: The backend with its version and threads.
        width_px: Width of the input.
        height_px: Height of the input.
        load_ms: From the bundle to a network that is ready for its first frame.
        latency: One frame after the other, all cores on each.
        throughput_fps: Frames a second with several at the same time, without decoding.
        core_ms: CPU time of one inference, in that mode.
        peak_memory_bytes: Largest resident size of the process after inference.
        agreement: With FP32.
        end_to_end: A whole run; None where it was left out.
        live: The same from a camera; None where it was left out.
    """

    backend: str
    precision: str
    inspected: str
    runs_on: str
    width_px: int
    height_px: int
    load_ms: float
    latency: Latency
    throughput_fps: float
    core_ms: float
    peak_memory_bytes: int
    agreement: Agreement
    end_to_end: EndToEnd | None = None
    live: Live | None = None

    @property
    def name(self) -> str:
        """What a person calls it, such as ``openvino bf16 960x544``."""
        return f"{self.backend} {self.precision} {self.width_px}x{self.height_px}"

    @property
    def warnings(self) -> tuple[str, ...]:
        """What makes its figures less than they seem."""
        found = []
        if self.latency.variation > MOST_VARIATION:
            found.append(
                f"latency varies by {100 * self.latency.variation:.0f} %: the machine was not quiet"
            )
        if self.latency.count < LEAST_COUNT:
            found.append(
                f"only {self.latency.count} inferences were timed: it is too slow for more"
            )
        if self.agreement.mask_iou < LEAST_MASK_IOU:
            found.append(f"its masks are others than FP32's: IoU {self.agreement.mask_iou:.3f}")
        if self.inspected != self.precision:
            found.append(f"computed in {self.inspected}")
        if self.live is not None and self.live.dropped > 0:
            found.append(f"{self.live.dropped} of {self.live.frames} live frames were dropped")
        return tuple(found)


@dataclass(frozen=True, slots=True)
class BenchResult:
    """What one call of the benchmark came to.

    Attributes:
        edgecrack: Version of the program.
        written_utc: When it ended, ISO 8601.
        device: The machine.
        model: The bundle.
        source: Name of the video of the whole runs; None where there was none.
        not_run: What this machine cannot run of the bundle -> why.
        failed: Variant that was begun and failed -> why.
        sensors: Power, temperature and clocks meanwhile; None where nothing tells them.
        rows: A row for each variant.
        schema_version: Version of this layout.
    """

    edgecrack: str
    written_utc: str
    device: Device
    model: ModelIdentity
    source: str | None
    not_run: dict[str, str]
    failed: dict[str, str]
    sensors: SensorSummary | None
    rows: Sequence[Row]
    schema_version: int = SCHEMA_VERSION

    def as_json(self) -> dict[str, Any]:
        """Return JSON values; each row says its warnings, too."""
        values = asdict(self)
        for row, measured in zip(values["rows"], self.rows, strict=True):
            row["warnings"] = list(measured.warnings)
        return values
