"""One run: open everything, drive the loop, and leave a whole record behind whatever happens."""

from __future__ import annotations

import resource
import time
import uuid
from contextlib import ExitStack, nullcontext, suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from edgecrack import __version__
from edgecrack.conditions import Conditions
from edgecrack.detector import Detector
from edgecrack.device import describe_device
from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.meter import Meter
from edgecrack.opencv_threads import one_opencv_thread
from edgecrack.output import Output
from edgecrack.parts import open_parts
from edgecrack.pipeline import survey
from edgecrack.records import ModelIdentity
from edgecrack.report import InputSize, RunReport, Setup, Totals, make_report
from edgecrack.run_record import RunRecord, network_input
from edgecrack.sinks import open_previews, open_sinks
from edgecrack.stop_signal import StopSignal
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgecrack.config import RunConfig
    from edgecrack.meter import Snapshot
    from edgecrack.parts import OnProgress, Parts
    from edgecrack.records import Detection, Frame
    from edgecrack.sources import SourceInfo


NOMINAL_FPS = 25.0
"""What an overlay declares when nothing tells the source's rate."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run came to.

    Attributes:
        out: Folder of the results.
        report: The FPS report, as in report.json.
        record: What ran, as in run.json.
    """

    out: Path
    report: RunReport
    record: RunRecord

    @property
    def was_interrupted(self) -> bool:
        """Whether someone asked for the end before the source ended."""
        return self.record.exit_reason == "interrupted"


def run(
    config: RunConfig,
    stop: StopSignal | None = None,
    on_progress: OnProgress = lambda _what, _done, _total: None,
    on_choice: Callable[[str], None] = lambda _said: None,
    conditions: Conditions | None = None,
) -> Outcome:
    """Carry every frame of a source to a run folder.

    Args:
        config: What to do.
        stop: Called by a signal handler to end the run early.
        on_progress: Told what is counted (percent of a position log, then frames), how many are
            done and, where the source knows it, of how many.
        on_choice: Told what decodes, and why, where there was something to choose from.
        conditions: Told what each part of a live run does, whenever that changes.

    Raises:
        EdgecrackError: Whatever went wrong. Once the folder exists, everything acknowledged stays
            in it, and report.json and run.json say how the run ended.
    """
    with one_opencv_thread(), ExitStack() as stack:
        parts = open_parts(config, stack, on_progress, conditions or Conditions())
        if parts.source.info.decoder_choice:
            on_choice(f"decoder: {_decoder(parts.source.info)}")
        return carry_out(config, parts, stop or StopSignal(), partial(on_progress, "frames"))


@dataclass(frozen=True, slots=True)
class _Start:
    """When a run began, and what ties its records together."""

    run_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    wall_s: float = field(default_factory=time.monotonic)
    cpu_s: float = field(default_factory=time.process_time)


def carry_out(
    config: RunConfig,
    parts: Parts,
    stop: StopSignal,
    on_frame: Callable[[int, int | None], None] | None = None,
) -> Outcome:
    """Drive the loop over open parts; write run.json before and after it, report.json after it.

    Args:
        config: What to do.
        parts: Everything that is needed; not closed here, but for the sinks of the folder.
        stop: Ends the run early.
        on_frame: Told the number of frames seen and, where the source knows it, of all.

    Raises:
        EdgecrackError: Whatever went wrong; the last files are written all the same.
    """
    start = _Start()
    meter = Meter(on_frame, expected_frames=parts.source.info.expected_frames)
    outputs: list[Output] = []

    def leave(exit_reason: str) -> Outcome:
        snapshot = meter.snapshot()
        totals = _totals(parts, start, outputs, snapshot)
        report = make_report(snapshot, totals, _setup(parts))
        record = _record(config, parts, start.run_id, snapshot, exit_reason)
        parts.folder.free_reserve()
        try:
            parts.folder.write_json("report.json", report.as_json())
        finally:
            parts.folder.write_json("run.json", record.as_json())
        return Outcome(parts.folder.path, report, record)

    note_models = partial(_write_running, config, parts, start.run_id, meter)
    try:
        parts.folder.reserve()
        note_models()
        with parts.swaps.served(note_models) if parts.swaps else nullcontext():
            _drive(config, parts, stop, meter, start.run_id, outputs)
    except BaseException as error:
        stop.keep_last_files()
        with suppress(SinkError):  # the first failure is the one to hear about
            is_stopped = stop.explains(error)
            leave("interrupted" if is_stopped else _reason(error))
        parts.folder.discard_if_empty()
        raise
    stop.keep_last_files()
    return leave("interrupted" if stop.asked else "end of source")


def _drive(
    config: RunConfig,
    parts: Parts,
    stop: StopSignal,
    meter: Meter,
    run_id: str,
    outputs: list[Output],
) -> None:
    """Carry frames to the sinks until there are no more; ``outputs`` gets what they went to."""
    info = parts.source.info
    records = open_sinks(parts.folder, config.output, run_id)
    previews = open_previews(
        parts.folder,
        config.output,
        info.fps or NOMINAL_FPS,
        in_hardware=config.source.decoder != "software",
    )
    geotagger = parts.positioning.geotagger(config.position)
    with Output(records, previews, geotagger, live=info.live, meter=meter) as output:
        outputs.append(output)

        def detected(frame: Frame) -> Detection:
            detect = Detector(parts.models.segmenter_for(frame), config.detection)
            return output.admit(detect(frame))

        try:
            frames = meter.timed(stop.frames(parts.source))
            frames = parts.models.passing(frames, parts.source.refit)
            survey(
                parts.positioning.standstills.left_out(frames, meter.stood),
                detected,
                geotagger,
                output.write,
                at_once=parts.models.at_once,
                meter=meter,
            )
        finally:
            stop.frames_are_done()


def _write_running(config: RunConfig, parts: Parts, run_id: str, meter: Meter) -> None:
    """Write run.json of a run that goes on: at its start, and when its model has changed."""
    running = _record(config, parts, run_id, meter.snapshot(), "running")
    parts.folder.write_json("run.json", running.as_json())


def _totals(parts: Parts, start: _Start, outputs: list[Output], snapshot: Snapshot) -> Totals:
    counts, standing = parts.source.counts(), snapshot.frames_standing
    seen = counts.dropped + snapshot.frames_inferred + standing
    given_up = {
        "opening": counts.opening,
        "source": counts.dropped - counts.opening,
        "unfinished": max(0, counts.delivered - seen),  # cut short
        "standstill": standing,
        "unreadable": counts.unreadable,
        "missing": counts.missing,
        "output": sum(output.missed for output in outputs),  # final: it is closed
    }
    return Totals(
        frames_in=counts.delivered,
        dropped=given_up,
        wall_s=time.monotonic() - start.wall_s,
        process_cpu_s=time.process_time() - start.cpu_s,
        infer_cpu_s=parts.models.cpu_s(),
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        server_timed=counts.server_timed,
        interruptions=counts.interruptions,
    )


def _setup(parts: Parts) -> Setup:
    model = parts.models.now
    manifest, segmenter = model.bundle.manifest, model.segmenter
    pixels = segmenter.width_px * segmenter.height_px
    return Setup(
        backend=segmenter.backend,
        backend_choice=model.why,
        decoder=_decoder(parts.source.info),
        precision=segmenter.precision,
        input=InputSize(segmenter.width_px, segmenter.height_px),
        model_macs=round(manifest.macs_per_pixel * pixels),
        frames_at_once=parts.models.at_once,
        device=describe_device(),
        bundle=ModelIdentity(manifest.name, manifest.release, model.bundle.sha256),
    )


def _decoder(info: SourceInfo) -> str:
    return f"{info.decoder} ({info.decoder_choice})" if info.decoder_choice else info.decoder


def _record(
    config: RunConfig, parts: Parts, run_id: str, snapshot: Snapshot, exit_reason: str
) -> RunRecord:
    info, geometry, settings = parts.source.info, snapshot.geometry, config.as_json()
    return RunRecord(
        run_id=run_id,
        edgecrack=__version__,
        written_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        source=info,
        position=settings["position"]["address"],
        fixes=parts.positioning.counts(),
        model=parts.models.uses[-1].model,
        models=parts.models.uses,
        model_choice=parts.model_choice,
        config=settings,
        picture_px=(geometry.width_px, geometry.height_px) if geometry else None,
        region=geometry.region if geometry else None,
        input=network_input(geometry.region, parts.models.now.input_px) if geometry else None,
        first_utc=_iso(snapshot.first_ns),
        last_utc=_iso(snapshot.last_ns),
        standstills=parts.positioning.standstills.noted,
        exit_reason=exit_reason,
    )


def _reason(error: BaseException) -> str:
    return str(EdgecrackError(str(error) or type(error).__name__))  # printable, without secrets


def _iso(time_ns: int | None) -> str | None:
    return None if time_ns is None else to_iso(time_ns)
