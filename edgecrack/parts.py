"""Everything a run needs, opened in order and good."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, field, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from edgecrack.errors import UsageError
from edgecrack.models import open_bundle
from edgecrack.models.choice import choose
from edgecrack.models.selftest import asked_variants
from edgecrack.positions.positioning import open_positioning
from edgecrack.segmenters import load_segmenter
from edgecrack.sources import image_folder
from edgecrack.sources.reconnection import open_returning
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder
from edgecrack.streams.live_view import LiveView, open_live_view

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bundle import Bundle
    from edgecrack.capture_state import StateChange
    from edgecrack.conditions import Conditions
    from edgecrack.config import RunConfig
    from edgecrack.positions.positioning import Positioning
    from edgecrack.positions.supervised import ReceiverChange
    from edgecrack.segmenters import Segmenter
    from edgecrack.sinks import OutputSpec
    from edgecrack.sources import Source
    from edgecrack.storage.disk import Disk

    OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a run needs, open and good.

    Attributes:
        bundle: The model.
        segmenter: What runs it.
        source: Where frames come from.
        positioning: Where the camera was.
        folder: Where the results go.
        backend_choice: Why this backend and precision run the network.
        view: Shows the run to others.
    """

    bundle: Bundle
    segmenter: Segmenter
    source: Source
    positioning: Positioning
    folder: RunFolder
    backend_choice: str = ""
    view: LiveView = field(default_factory=LiveView)


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
    bundle = open_bundle(config.model)
    variant = asked_variants(bundle, config.model)[0]  # before anything else is opened
    networks = bundle.networks(variant.precision, config.model.size_px)
    sizes_px = [network.size_px for network in networks]
    waiting = partial(on_progress, "s of waiting for the source")
    source = open_returning(config.source, sizes_px, _noting_capture(conditions), waiting)
    stack.enter_context(closing(source))
    in_hardware = config.source.decoder != "software"
    view = open_live_view(config.stream, source.info, conditions, in_hardware=in_hardware)
    stack.enter_context(closing(view))
    positioning = _positioning(config, source, on_progress, conditions)
    stack.enter_context(closing(positioning))
    model = replace(config.model, size_px=source.info.input_px or config.model.size_px)
    choice = choose(bundle, model, on_progress)
    segmenter = load_segmenter(bundle, choice.applied_to(model), live=source.info.live)
    stack.enter_context(closing(segmenter))
    disk = stack.enter_context(closing(LocalDisk()))
    folder = _folder(config.output, disk)
    return Parts(bundle, segmenter, source, positioning, folder, choice.why, view)


def _positioning(
    config: RunConfig, source: Source, on_progress: OnProgress, conditions: Conditions
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
        live=info.live, on_receiver=_noting_receiver(conditions),
    )  # fmt: skip


def _folder(output: OutputSpec, disk: Disk) -> RunFolder:
    if output.folder is not None:
        return RunFolder.create(output.folder, disk)
    name = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    return RunFolder.create_in(output.runs_folder, name, disk)


def _noting_capture(conditions: Conditions) -> Callable[[StateChange], None]:
    return lambda change: conditions.note("capture", change.state.value, change.reason)


def _noting_receiver(conditions: Conditions) -> Callable[[ReceiverChange], None]:
    return lambda change: conditions.note("receiver", change.state.value, change.reason)
