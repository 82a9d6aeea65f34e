"""The FPS report of a run. Pure arithmetic on what the meter collected.

The first frames, while caches fill, are left out of rates and of the times of every stage, and the
report says how many; of a run that is no longer than that there is nothing to say.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from edgecrack.rates import TimeSummary

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.capture_state import Interruptions
    from edgecrack.device import Device
    from edgecrack.meter import RoadTotals, Snapshot
    from edgecrack.records import ModelIdentity
    from edgecrack.storage.totals import StorageTotals
    from edgecrack.streams import StreamCounts


@dataclass(frozen=True, slots=True)
class Totals:
    """What a run knows only at its end.

    Attributes:
        frames_in: Pictures the decoder delivered.
        dropped: Stage -> pictures given up there.
        wall_s: Wall time of the loop.
        process_cpu_s: CPU time of the whole process over the loop, all threads.
        infer_cpu_s: CPU time of the segmenter's own threads.
        peak_memory_bytes: Largest resident size of the process.
        server_timed: Frames whose time of capture is the server's own account.
        interruptions: Of a source that comes back; None of any other.
        storage: What became of segments; None of a run of one folder.
        disk_bytes: What the process had written to disks; None where that is not known.
        uplink: What was sent and what waits; None where nothing is sent.
        stream: Of the outgoing stream; None without one.
    """

    frames_in: int
    dropped: Mapping[str, int]
    wall_s: float
    process_cpu_s: float
    infer_cpu_s: float
    peak_memory_bytes: int
    server_timed: int = 0
    interruptions: Interruptions | None = None
    storage: StorageTotals | None = None
    disk_bytes: int | None = None
    uplink: Mapping[str, Any] | None = None
    stream: StreamCounts | None = None


@dataclass(frozen=True, slots=True)
class InputSize:
    """Size of the network's input."""

    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Setup:
    """What a run's figures were measured on.

    Attributes:
        backend: What ran the network.
        backend_choice: Why that and this precision.
        decoder: What decodes and scales the source's pictures, and why; empty where it is no video.
        precision: Precision as inspected.
        input: Size of the network's input.
        model_macs: Multiply-accumulates for one frame.
        frames_at_once: Frames worked on at the same time.
        device: The machine.
        bundle: The model; the last one, where it was changed.
    """

    backend: str
    backend_choice: str
    decoder: str
    precision: str
    input: InputSize
    model_macs: int
    frames_at_once: int
    device: Device
    bundle: ModelIdentity


@dataclass(frozen=True, slots=True)
class StageTimes(TimeSummary):
    """How long one stage took, and the CPU time of one frame in it, warm-up included."""

    core_ms: float = 0.0


@dataclass(frozen=True, slots=True)
class RunReport:
    """The FPS report of a run: ``report.json``, key by key. Times and rates leave the warm-up out.

    Attributes:
        frames_in: Pictures the decoder delivered.
        frames_inferred: Frames that the network has seen.
        frames_dropped: Stage -> pictures given up there. The ``unreadable`` of a directory and the
            ``missing`` of a video were never delivered, so ``frames_in`` does not hold them. Those
            of a ``standstill`` were left out on purpose.
        frames_out: Frames that the sinks have taken.
        fps_in: Rate at which frames came from the source.
        fps_out: Rate of results; time at a standstill lowers it.
        frames_server_timed: Frames whose time of capture is the RTSP server's own account.
        interruptions: How often and how long a source that comes back gave no pictures; None of
            any other.
        storage: What became of segments; None of a run of one folder.
        disk_bytes_per_frame: What the process wrote to disks over frames seen, for memory cards
            wear; None where it is not known.
        uplink: What was sent to a broker and a store, what waits and what was given up, since the
            program began; None where neither is configured.
        stream: What became of the pictures for the outgoing stream; None without one.
        wall_s: Wall time of the loop.
        warm_up_frames: Frames left out of rates and times.
        stages: Stage -> its times.
        capture_to_result_ms: From the delivery or capture of a frame to its result.
        core_ms_per_frame: CPU time of the whole process for one frame that was inferred; what those
            left out at a standstill took is in it.
        overhead_core_ms: The part of it that is not inference.
        peak_memory_bytes: Largest resident size of the process.
        frames_with_crack: Frames with a crack large enough to count.
        mean_crack_share: Mean crack area over the region, 0 to 1.
        road: Frames without road, and mean shares; None where the network does not say.
        backend: What ran the network.
        backend_choice: Why that and this precision.
        decoder: What decodes and scales the source's pictures, and why; empty where it is no video.
        precision: Precision as inspected.
        input: Size of the network's input.
        model_macs: Multiply-accumulates for one frame.
        frames_at_once: Frames worked on at the same time.
        device: The machine.
        bundle: The model.
    """

    frames_in: int
    frames_inferred: int
    frames_dropped: Mapping[str, int]
    frames_out: int
    fps_in: float | None
    fps_out: float | None
    frames_server_timed: int
    interruptions: Interruptions | None
    storage: StorageTotals | None
    disk_bytes_per_frame: float | None
    uplink: Mapping[str, Any] | None
    stream: StreamCounts | None
    wall_s: float
    warm_up_frames: int
    stages: Mapping[str, StageTimes]
    capture_to_result_ms: TimeSummary
    core_ms_per_frame: float
    overhead_core_ms: float
    peak_memory_bytes: int
    frames_with_crack: int
    mean_crack_share: float | None
    road: RoadTotals | None
    backend: str
    backend_choice: str
    decoder: str
    precision: str
    input: InputSize
    model_macs: int
    frames_at_once: int
    device: Device
    bundle: ModelIdentity

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)


def make_report(snapshot: Snapshot, totals: Totals, setup: Setup) -> RunReport:
    """Put a run's figures together."""
    frames = max(snapshot.frames_inferred, 1)
    cpu_s = _cpu_by_stage(snapshot, totals)
    return RunReport(
        frames_in=totals.frames_in,
        frames_inferred=snapshot.frames_inferred,
        frames_dropped=dict(totals.dropped),
        frames_out=snapshot.frames_out,
        fps_in=_rounded(snapshot.fps_in),
        fps_out=_rounded(snapshot.fps_out),
        frames_server_timed=totals.server_timed,
        interruptions=totals.interruptions,
        storage=totals.storage,
        disk_bytes_per_frame=_share(totals.disk_bytes, snapshot),
        uplink=totals.uplink,
        stream=totals.stream,
        wall_s=round(totals.wall_s, 3),
        warm_up_frames=snapshot.warm_up_frames,
        stages={
            stage: StageTimes(**asdict(times), core_ms=round(1e3 * cpu_s[stage] / frames, 3))
            for stage, times in snapshot.times.items()
        },
        capture_to_result_ms=snapshot.capture_to_result_ms,
        core_ms_per_frame=round(1e3 * totals.process_cpu_s / frames, 3),
        overhead_core_ms=round(1e3 * (totals.process_cpu_s - cpu_s["infer"]) / frames, 3),
        peak_memory_bytes=totals.peak_memory_bytes,
        frames_with_crack=snapshot.frames_with_crack,
        mean_crack_share=snapshot.mean_crack_share,
        road=snapshot.road,
        backend=setup.backend,
        backend_choice=setup.backend_choice,
        decoder=setup.decoder,
        precision=setup.precision,
        input=setup.input,
        model_macs=setup.model_macs,
        frames_at_once=setup.frames_at_once,
        device=setup.device,
        bundle=setup.bundle,
    )


def _cpu_by_stage(snapshot: Snapshot, totals: Totals) -> dict[str, float]:
    """Return CPU seconds of each stage.

    GStreamer's threads cannot be asked one by one; what no other stage took is decoding's.
    """
    cpu_s = dict(snapshot.cpu_s)
    cpu_s["infer"] += totals.infer_cpu_s
    others_s = sum(cpu_s.values()) - cpu_s["decode"]
    cpu_s["decode"] = max(totals.process_cpu_s - others_s, 0.0)
    return cpu_s


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)


def _share(disk_bytes: int | None, snapshot: Snapshot) -> float | None:
    frames = snapshot.frames_inferred + sum(snapshot.left_out.values())
    return None if disk_bytes is None or not frames else round(disk_bytes / frames, 1)
