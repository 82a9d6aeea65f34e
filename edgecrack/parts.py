"""Everything a run needs, opened in order and good."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from edgecrack.clock.dating import Dating
from edgecrack.clock.gate import ClockGate
from edgecrack.clock.kernel import boot_id
from edgecrack.errors import UsageError
from edgecrack.health.monitor import Monitor
from edgecrack.models import open_bundle
from edgecrack.models.holder import ModelHolder
from edgecrack.models.loaded import input_sizes, load_chosen
from edgecrack.models.start_model import laid_to_model, start_with
from edgecrack.models.swaps import ModelSwaps
from edgecrack.positions import GATE
from edgecrack.positions.positioning import Listeners, open_positioning
from edgecrack.recording import FolderRecording, sinks_of
from edgecrack.segment_recording import SegmentRecording
from edgecrack.sources import image_folder
from edgecrack.sources.reconnection import open_returning
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder
from edgecrack.streams.live_view import LiveView, open_live_view
from edgecrack.thermal.sparing import Sparing, open_sparing
from edgecrack.uplink.opening import Uplink, open_uplink

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.capture_state import StateChange
    from edgecrack.conditions import Conditions
    from edgecrack.config import RunConfig
    from edgecrack.health.snapshot import Gauges
    from edgecrack.positions.positioning import Positioning
    from edgecrack.positions.reception import ReceiverChange
    from edgecrack.recording import FolderSinks, Recording
    from edgecrack.segmenters import ModelSpec
    from edgecrack.sources import Source, SourceInfo

    OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a run needs, open and good.

    Attributes:
        models: What detects.
        source: Where frames come from.
        positioning: Where the camera was.
        recording: What keeps the results.
        swaps: Changes the model when it is asked to; None where it never is.
        model_choice: Which model was begun with, and why; empty where there was no choice.
        dating: Gives frames their UTC, once that may be believed; None where they have it.
        uplink: What leaves the unit by itself.
        view: Shows the run to others.
        monitor: Told how the loop gets on; tells those who ask.
        sparing: Leaves frames out where the unit is too hot or has too little power.
        gauges: What rooms of their own add to the metrics.
    """

    models: ModelHolder
    source: Source
    positioning: Positioning
    recording: Recording
    swaps: ModelSwaps | None = None
    model_choice: str = ""
    dating: Dating | None = None
    uplink: Uplink = field(default_factory=Uplink)
    view: LiveView = field(default_factory=LiveView)
    monitor: Monitor = field(default_factory=Monitor)
    sparing: Sparing = field(default_factory=Sparing)
    gauges: Gauges = ()


def open_parts(
    config: RunConfig, stack: ExitStack, on_progress: OnProgress, conditions: Conditions
) -> Parts:
    """Open all that a run needs; the folder last, so that nothing is left when an input is bad.

    Args:
        config: What to do.
        stack: Closes everything.
        on_progress: Told what is counted, how many are done, and of how many where that is known.
        conditions: Told what the source and the receiver do, whenever that changes.

    Raises:
        EdgecrackError: Something cannot be opened.
    """
    monitor = Monitor(conditions)
    folder = config.output.folder or config.output.runs_folder
    monitor.serve(config.health, folder, stack)
    on_progress = _heard_by(monitor, on_progress)
    uplink = open_uplink(config.mqtt, config.upload, config.output.runs_folder, conditions)
    stack.enter_context(closing(uplink))  # first: it tells that the camera is waited for

    def attempt(spec: ModelSpec) -> Parts:
        with ExitStack() as opened:
            parts = _parts_with(spec, config, opened, on_progress, conditions, uplink)
            stack.push(opened.pop_all())
            return parts

    parts, model_choice = start_with(config.model, attempt)
    if model_choice:
        conditions.note("model", "running", f"{parts.models.now}: {model_choice}")
    return replace(parts, model_choice=model_choice, monitor=monitor, gauges=(uplink.gauges,))


def _parts_with(
    model: ModelSpec,
    config: RunConfig,
    stack: ExitStack,
    on_progress: OnProgress,
    conditions: Conditions,
    uplink: Uplink,
) -> Parts:
    """Open all that a run with one model needs; see `open_parts`."""
    with laid_to_model(model):
        bundle = open_bundle(model)
        sizes_px = input_sizes(bundle, model)  # before anything else is opened
    waiting = partial(on_progress, "s of waiting for the source")
    source = open_returning(config.source, sizes_px, _noting_capture(conditions), waiting)
    stack.enter_context(closing(source))
    dating = _dating(config, source.info, conditions)
    listeners = _listeners(conditions, dating)
    in_hardware = config.source.decoder != "software"
    view = open_live_view(config.stream, source.info, conditions, in_hardware=in_hardware)
    stack.enter_context(closing(view))
    positioning = _positioning(config, source, on_progress, listeners)
    stack.enter_context(closing(positioning))
    live = source.info.live
    sized = replace(model, size_px=source.info.input_px or model.size_px)
    with laid_to_model(model):
        models = ModelHolder(load_chosen(bundle, sized, on_progress, live=live))
    stack.enter_context(closing(models))
    sinks = _sinks_of(config, dating, uplink)
    recording = stack.enter_context(closing(_recording(config, conditions, sinks)))
    return Parts(
        models, source, positioning, recording, ModelSwaps(config.model, models, live, conditions),
        dating=dating, uplink=uplink, view=view,
        sparing=open_sparing(config.thermal, conditions, stack, live=live),
    )  # fmt: skip


def _positioning(
    config: RunConfig, source: Source, on_progress: OnProgress, listeners: Listeners
) -> Positioning:
    info = source.info
    if config.position.address is not None and info.time_source == "none":
        raise UsageError(
            f"{info.name} does not say when it was taken, so --position cannot place it; "
            "give its start with --video-start 2026-05-01T12:00:00Z."
        )
    span_ns = None
    if info.start_ns is not None and info.duration_ns is not None:
        span_ns = (info.start_ns, info.start_ns + info.duration_ns)
    images = image_folder(config.source)

    def on_share(share: float) -> None:
        on_progress("% of the position log", round(100 * share), 100)

    return open_positioning(
        config.position, images=images, video_span_ns=span_ns, on_progress=on_share,
        live=info.live, listeners=listeners,
    )  # fmt: skip


def _sinks_of(config: RunConfig, dating: Dating | None, uplink: Uplink) -> FolderSinks:
    followers = partial(uplink.sinks, frames=config.output.frames)
    return sinks_of(config.output, dating.gate if dating else None, followers)


def _recording(config: RunConfig, conditions: Conditions, sinks: FolderSinks) -> Recording:
    """Return what keeps the results: the last to be opened, so that nothing bad leaves a folder."""
    output = config.output
    if config.storage.rolls:
        return SegmentRecording(
            output.runs_folder, sinks, config.storage, conditions.note, all_masks=output.all_masks
        )
    disk = LocalDisk()
    if output.folder is not None:
        return FolderRecording(RunFolder.create(output.folder, disk), output, sinks)
    name = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return FolderRecording(RunFolder.create_in(output.runs_folder, name, disk), output, sinks)


def _heard_by(monitor: Monitor, on_progress: OnProgress) -> OnProgress:
    """Return what tells progress, and the monitor that there is some."""

    def tell(what: str, done: int, total: int | None) -> None:
        monitor.preparing()
        on_progress(what, done, total)

    return tell


def _noting_capture(conditions: Conditions) -> Callable[[StateChange], None]:
    return lambda change: conditions.note("capture", change.state.value, change.reason)


def _listeners(conditions: Conditions, dating: Dating | None) -> Listeners:
    def on_receiver(change: ReceiverChange) -> None:
        conditions.note("receiver", change.state.value, change.reason)

    return Listeners(on_receiver) if dating is None else Listeners(on_receiver, dating.hear)


def _dating(config: RunConfig, info: SourceInfo, conditions: Conditions) -> Dating | None:
    """Return what dates the frames of a live source, where its clock is not simply believed."""
    if config.position.clock != GATE or not info.live or info.time_source != "clock":
        return None
    return Dating(ClockGate(partial(conditions.note, "clock"), boot_id()))
