"""One run: open everything, drive the loop, and leave a whole record behind whatever happens."""

from __future__ import annotations

import time
from contextlib import ExitStack, closing, nullcontext, suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from edgecrack.conditions import Conditions
from edgecrack.detector import Detector
from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.health.verdict import hangs
from edgecrack.leaving_out import LeavingOut
from edgecrack.loop_reading import read_loop
from edgecrack.meter import Meter
from edgecrack.opencv_threads import one_opencv_thread
from edgecrack.output import Output
from edgecrack.parts import open_parts
from edgecrack.pipeline import survey
from edgecrack.statements import Statements, describe_decoder
from edgecrack.stop_signal import StopSignal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from edgecrack.config import RunConfig
    from edgecrack.parts import OnProgress, Parts
    from edgecrack.records import Detection, Frame
    from edgecrack.report import RunReport
    from edgecrack.run_record import RunRecord
    from edgecrack.sinks import Sink

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
            on_choice(f"decoder: {describe_decoder(parts.source.info)}")
        return carry_out(config, parts, stop or StopSignal(), partial(on_progress, "frames"))


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
    outputs: list[Output] = []
    meter = _meter(parts, outputs, on_frame)
    said = Statements(config, parts, meter, outputs)

    def leave(exit_reason: str) -> Outcome:
        last = said.statement(said.facts(), exit_reason)
        parts.recording.end(last)
        return Outcome(parts.recording.path, last.report, last.record)

    try:
        parts.uplink.begin(said.figures)
        facts = said.facts()
        sinks = parts.recording.begin(partial(said.statement, facts))
        restate = partial(parts.recording.restate, partial(said.statement, facts))
        with parts.swaps.served(restate) if parts.swaps else nullcontext():
            _drive(parts, stop, said, sinks)
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


def _drive(parts: Parts, stop: StopSignal, said: Statements, sinks: list[Sink]) -> None:
    """Carry frames to the sinks until there are no more."""
    config, meter, info = said.config, said.meter, parts.source.info
    previews = parts.recording.previews(
        info.fps or NOMINAL_FPS, in_hardware=config.source.decoder != "software"
    )
    leaving_out = LeavingOut(parts, meter)
    geotagger = parts.positioning.geotagger(config.position)
    with (
        Output(
            sinks, previews, geotagger, live=info.live, meter=meter,
            on_preview_failure=partial(parts.monitor.conditions.note, "preview", "off"),
        ) as output,
        closing(parts.view) as view,
    ):  # fmt: skip
        said.outputs.append(output)

        def detected(frame: Frame) -> Detection:
            leaving_out.note_kept()
            detect = Detector(parts.models.segmenter_for(frame), config.detection)
            detection = detect(frame)
            view.detected(detection)
            return output.admit(detection)

        try:
            survey(
                leaving_out.kept(_frames(parts, stop, said)),
                detected,
                geotagger,
                output.write,
                at_once=parts.models.at_once,
                meter=meter,
            )
        finally:
            stop.frames_are_done()


def _frames(parts: Parts, stop: StopSignal, said: Statements) -> Iterator[Frame | None]:
    """Return the frames of the source, timed and dated; between two the model may change."""
    frames = said.meter.timed(stop.frames(parts.source))
    frames = parts.dating.dated(frames) if parts.dating else frames
    frames = parts.models.passing(frames, parts.source.refit)
    return _noted(frames, parts, said) if parts.recording.is_rolling else frames


def _noted(
    frames: Iterator[Frame | None], parts: Parts, said: Statements
) -> Iterator[Frame | None]:
    """Yield the same frames, and let the recording know from time to time what is so far."""
    noted_s = time.monotonic()
    for frame in frames:
        yield frame
        if time.monotonic() - noted_s >= NOTED_EACH_S:
            parts.recording.note(partial(said.statement, said.facts()))
            noted_s = time.monotonic()


def _reason(error: BaseException) -> str:
    return str(EdgecrackError(str(error) or type(error).__name__))  # printable, without secrets
