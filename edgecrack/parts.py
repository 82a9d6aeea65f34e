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
from edgecrack.models.choice import choose
from edgecrack.models.selftest import asked_variants
from edgecrack.positions import GATE
from edgecrack.positions.positioning import Listeners, open_positioning
from edgecrack.recording import FolderRecording
from edgecrack.segment_recording import SegmentRecording
from edgecrack.segmenters import load_segmenter
from edgecrack.sources import image_folder
from edgecrack.sources.reconnection import open_returning
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder
from edgecrack.thermal.sparing import Sparing, open_sparing

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bundle import Bundle
    from edgecrack.capture_state import StateChange
    from edgecrack.conditions import Conditions
    from edgecrack.config import RunConfig
    from edgecrack.health.snapshot import Gauges
    from edgecrack.positions.positioning import Positioning
    from edgecrack.positions.reception import ReceiverChange
    from edgecrack.recording import Recording
    from edgecrack.segmenters import Segmenter
    from edgecrack.sources import Source, SourceInfo

    OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a run needs, open and good.

    Attributes:
        bundle: The model.
        segmenter: What runs it.
        source: Where frames come from.
        positioning: Where the camera was.
        recording: What keeps the results.
        backend_choice: Why this backend and precision run the network.
        dating: Gives frames their UTC, once that may be believed; None where they have it.
        monitor: Told how the loop gets on; tells those who ask.
        sparing: Leaves frames out where the unit is too hot or has too little power.
        gauges: What rooms of their own add to the metrics.
    """

    bundle: Bundle
    segmenter: Segmenter
    source: Source
    positioning: Positioning
    recording: Recording
    backend_choice: str = ""
    dating: Dating | None = None
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
    if config.storage.rolls and (config.output.folder is not None or config.output.overlay):
        raise UsageError(
            "a run that rolls makes one folder after the other, so it has no --out and no "
            "--overlay: name --runs-folder, and watch it live with --stream"
        )
    monitor = Monitor(conditions)
    folder = config.output.folder or config.output.runs_folder
    monitor.serve(config.health, folder, stack)
    on_progress = _heard_by(monitor, on_progress)
    bundle = open_bundle(config.model)
    variant = asked_variants(bundle, config.model)[0]  # before anything else is opened
    networks = bundle.networks(variant.precision, config.model.size_px)
    sizes_px = [network.size_px for network in networks]
    waiting = partial(on_progress, "s of waiting for the source")
    source = open_returning(config.source, sizes_px, _noting_capture(conditions), waiting)
    stack.enter_context(closing(source))
    dating = _dating(config, source.info, conditions)
    listeners = _listeners(conditions, dating)
    positioning = _positioning(config, source, on_progress, listeners)
    stack.enter_context(closing(positioning))
    model = replace(config.model, size_px=source.info.input_px or config.model.size_px)
    choice = choose(bundle, model, on_progress)
    segmenter = load_segmenter(bundle, choice.applied_to(model), live=source.info.live)
    stack.enter_context(closing(segmenter))
    recording = stack.enter_context(closing(_recording(config, conditions, dating)))
    return Parts(
        bundle, segmenter, source, positioning, recording, choice.why, dating, monitor,
        sparing=open_sparing(config.thermal, conditions, stack, live=source.info.live),
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


def _recording(config: RunConfig, conditions: Conditions, dating: Dating | None) -> Recording:
    """Return what keeps the results: the last to be opened, so that nothing bad leaves a folder."""
    output, gate = config.output, dating.gate if dating else None
    if config.storage.rolls:
        return SegmentRecording(output.runs_folder, output, config.storage, conditions.note, gate)
    disk = LocalDisk()
    if output.folder is not None:
        return FolderRecording(RunFolder.create(output.folder, disk), output, gate)
    name = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return FolderRecording(RunFolder.create_in(output.runs_folder, name, disk), output, gate)


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
