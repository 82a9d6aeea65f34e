"""One run: open everything, drive the loop, and leave a whole record behind whatever happens."""

from __future__ import annotations

import resource
import time
import uuid
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack import __version__
from edgecrack.clock.kernel import boot_id
from edgecrack.conditions import Conditions
from edgecrack.detector import Detector
from edgecrack.device import describe_device
from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.frame_counts import frames_dropped
from edgecrack.health.verdict import hangs
from edgecrack.leaving_out import LeavingOut
from edgecrack.loop_reading import read_loop
from edgecrack.meter import Meter
from edgecrack.opencv_threads import one_opencv_thread
from edgecrack.output import Output
from edgecrack.parts import open_parts
from edgecrack.pipeline import survey
from edgecrack.recording import Statement
from edgecrack.records import ModelIdentity
from edgecrack.report import InputSize, RunReport, Setup, Totals, make_report
from edgecrack.run_record import RunRecord, model_terms, network_input
from edgecrack.stop_signal import StopSignal
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgecrack.config import RunConfig
    from edgecrack.meter import Snapshot
    from edgecrack.parts import OnProgress, Parts
    from edgecrack.positions.positioning import FixCounts
    from edgecrack.positions.standstills import Standstill
    from edgecrack.records import Detection, Frame
    from edgecrack.sinks import Sink
    from edgecrack.sources import SourceCounts, SourceInfo
    from edgecrack.thermal.sparing import DegradedTime

    OnFrame = Callable[[int, int | None], None]


NOTED_EACH_S = 1.0
"""How often a run that rolls notes its counts: those of a closed segment's report are that old."""

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
    on_frame: OnFrame | None = None,
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
    outputs: list[Output] = []
    meter = _meter(parts, outputs, on_frame)

    def statement(facts: _Facts, exit_reason: str = "running") -> Statement:
        snapshot = meter.snapshot()
        totals = _totals(parts, start, outputs, snapshot, facts.counts)
        record = _record(config, parts, start.run_id, snapshot, facts)
        record = replace(record, exit_reason=exit_reason)
        return Statement(record, make_report(snapshot, totals, _setup(parts)))

    def leave(exit_reason: str) -> Outcome:
        last = statement(_facts(parts), exit_reason)
        parts.recording.end(last)
        return Outcome(parts.recording.path, last.report, last.record)

    try:
        sinks = parts.recording.begin(partial(statement, _facts(parts)))
        _drive(config, parts, stop, meter, _Writing(sinks, outputs, statement))
    except BaseException as error:
        stop.keep_last_files()
        with suppress(SinkError):  # the first failure is the one to hear about
            is_stopped = stop.explains(error)
            leave("interrupted" if is_stopped else _reason(error))
        parts.recording.discard_if_empty()
        raise
    stop.keep_last_files()
    return leave("interrupted" if stop.asked else "end of source")


def _meter(parts: Parts, outputs: list[Output], on_frame: OnFrame | None) -> Meter:
    """Return a meter that tells each round of the loop, but to ``on_frame`` only that it gets on.

    A writer that hangs is no progress, however well a camera's loop goes on beside it.
    """

    def on_round(done: int, expected: int | None) -> None:
        reading = parts.monitor.turned(lambda: read_loop(parts, meter, outputs))
        if on_frame is not None and not hangs(reading):
            on_frame(done, expected)

    meter = Meter(on_round, expected_frames=parts.source.info.expected_frames)
    return meter


@dataclass(frozen=True, slots=True)
class _Writing:
    """What results go to: sinks, the outputs made of them, and what is said of them."""

    sinks: list[Sink]
    outputs: list[Output]
    statement: Callable[[_Facts], Statement]


@dataclass(frozen=True, slots=True)
class _Facts:
    """What only the loop's thread may ask for."""

    counts: SourceCounts
    fixes: FixCounts | None
    standstills: tuple[Standstill, ...]
    degraded: tuple[DegradedTime, ...]


def _facts(parts: Parts) -> _Facts:
    positioning = parts.positioning
    return _Facts(
        parts.source.counts(),
        positioning.counts(),
        positioning.standstills.noted,
        parts.sparing.noted,
    )


def _drive(
    config: RunConfig, parts: Parts, stop: StopSignal, meter: Meter, writing: _Writing
) -> None:
    """Carry frames to the sinks until there are no more."""
    info, recording = parts.source.info, parts.recording
    previews = recording.previews(
        info.fps or NOMINAL_FPS, in_hardware=config.source.decoder != "software"
    )
    detect = Detector(parts.segmenter, config.detection)
    leaving_out = LeavingOut(parts, meter)
    geotagger = parts.positioning.geotagger(config.position)
    with Output(
        writing.sinks, previews, geotagger, live=info.live, meter=meter,
        on_preview_failure=partial(parts.monitor.conditions.note, "preview", "off"),
    ) as output:  # fmt: skip
        writing.outputs.append(output)

        def detected(frame: Frame) -> Detection:
            leaving_out.note_kept()
            return output.admit(detect(frame))

        try:
            frames = meter.timed(stop.frames(parts.source))
            frames = parts.dating.dated(frames) if parts.dating else frames
            if recording.is_rolling:
                frames = _noted(frames, parts, writing.statement)
            survey(
                leaving_out.kept(frames),
                detected,
                geotagger,
                output.write,
                at_once=parts.segmenter.at_once,
                meter=meter,
            )
        finally:
            stop.frames_are_done()


def _noted(
    frames: Iterator[Frame | None], parts: Parts, statement: Callable[[_Facts], Statement]
) -> Iterator[Frame | None]:
    """Yield the same frames, and let the recording know from time to time what is so far."""
    noted_s = time.monotonic()
    for frame in frames:
        yield frame
        if time.monotonic() - noted_s >= NOTED_EACH_S:
            parts.recording.note(partial(statement, _facts(parts)))
            noted_s = time.monotonic()


def _totals(
    parts: Parts, start: _Start, outputs: list[Output], snapshot: Snapshot, counts: SourceCounts
) -> Totals:
    missed = sum(output.missed for output in outputs)  # final: it is closed
    return Totals(
        frames_in=counts.delivered,
        dropped=frames_dropped(counts, snapshot.frames_inferred, snapshot.left_out, missed),
        wall_s=time.monotonic() - start.wall_s,
        process_cpu_s=time.process_time() - start.cpu_s,
        infer_cpu_s=parts.segmenter.cpu_s(),
        storage=parts.recording.totals(),
        disk_bytes=_disk_bytes(),
        peak_memory_bytes=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
        server_timed=parts.dating.server_timed if parts.dating else counts.server_timed,
        interruptions=counts.interruptions,
    )


def _setup(parts: Parts) -> Setup:
    manifest, segmenter = parts.bundle.manifest, parts.segmenter
    pixels = segmenter.width_px * segmenter.height_px
    return Setup(
        backend=segmenter.backend,
        backend_choice=parts.backend_choice,
        decoder=_decoder(parts.source.info),
        precision=segmenter.precision,
        input=InputSize(segmenter.width_px, segmenter.height_px),
        model_macs=round(manifest.macs_per_pixel * pixels),
        frames_at_once=segmenter.at_once,
        device=describe_device(),
        bundle=ModelIdentity(manifest.name, manifest.release, parts.bundle.sha256),
    )


def _decoder(info: SourceInfo) -> str:
    return f"{info.decoder} ({info.decoder_choice})" if info.decoder_choice else info.decoder


def _record(
    config: RunConfig, parts: Parts, run_id: str, snapshot: Snapshot, facts: _Facts
) -> RunRecord:
    info, geometry, settings = parts.source.info, snapshot.geometry, config.as_json()
    input_px = (parts.segmenter.width_px, parts.segmenter.height_px)
    return RunRecord(
        run_id=run_id,
        edgecrack=__version__,
        written_utc=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        source=info,
        position=settings["position"]["address"],
        fixes=facts.fixes,
        model=model_terms(parts.bundle),
        config=settings,
        picture_px=(geometry.width_px, geometry.height_px) if geometry else None,
        region=geometry.region if geometry else None,
        input=network_input(geometry.region, input_px) if geometry else None,
        first_utc=_iso(snapshot.first_ns),
        last_utc=_iso(snapshot.last_ns),
        standstills=facts.standstills,
        boot_id=boot_id() if info.live else None,
        clock=parts.dating.gate.account() if parts.dating else None,
        degraded=facts.degraded,
        exit_reason="running",
    )


def _reason(error: BaseException) -> str:
    return str(EdgecrackError(str(error) or type(error).__name__))  # printable, without secrets


def _iso(time_ns: int | None) -> str | None:
    return None if time_ns is None else to_iso(time_ns)


def _disk_bytes() -> int | None:
    """Return what this process has had written to disks, by the kernel's account."""
    try:
        lines = Path("/proc/self/io").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    counts = dict(line.split(": ") for line in lines)
    return int(counts["write_bytes"]) - int(counts["cancelled_write_bytes"])
