"""Everything a run needs, opened in order and good."""

from __future__ import annotations

from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING

from edgecrack.errors import UsageError
from edgecrack.models import open_bundle
from edgecrack.models.holder import ModelHolder
from edgecrack.models.loaded import input_sizes, load_chosen
from edgecrack.models.start_model import start_with
from edgecrack.models.swaps import ModelSwaps
from edgecrack.positions.positioning import open_positioning
from edgecrack.sources import image_folder
from edgecrack.sources.reconnection import open_returning
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.capture_state import StateChange
    from edgecrack.conditions import Conditions
    from edgecrack.config import RunConfig
    from edgecrack.positions.positioning import Positioning
    from edgecrack.positions.supervised import ReceiverChange
    from edgecrack.segmenters import ModelSpec
    from edgecrack.sinks import OutputSpec
    from edgecrack.sources import Source
    from edgecrack.storage.disk import Disk

    OnProgress = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything a run needs, open and good.

    Attributes:
        models: What detects.
        source: Where frames come from.
        positioning: Where the camera was.
        folder: Where the results go.
        swaps: Changes the model when it is asked to; None where it never is.
        model_choice: Which model was begun with, and why; empty where there was no choice.
    """

    models: ModelHolder
    source: Source
    positioning: Positioning
    folder: RunFolder
    swaps: ModelSwaps | None = None
    model_choice: str = ""


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

    def attempt(spec: ModelSpec) -> Parts:
        with ExitStack() as opened:
            parts = _parts_with(spec, config, opened, on_progress, conditions)
            stack.push(opened.pop_all())
            return parts

    parts, model_choice = start_with(config.model, attempt)
    if model_choice:
        conditions.note("model", "running", f"{parts.models.now}: {model_choice}")
    return replace(parts, model_choice=model_choice)


def _parts_with(
    model: ModelSpec,
    config: RunConfig,
    stack: ExitStack,
    on_progress: OnProgress,
    conditions: Conditions,
) -> Parts:
    """Open all that a run with one model needs; see `open_parts`."""
    bundle = open_bundle(model)
    sizes_px = input_sizes(bundle, model)  # before anything else is opened
    waiting = partial(on_progress, "s of waiting for the source")
    source = open_returning(config.source, sizes_px, _noting_capture(conditions), waiting)
    stack.enter_context(closing(source))
    positioning = _positioning(config, source, on_progress, conditions)
    stack.enter_context(closing(positioning))
    live = source.info.live
    sized = replace(model, size_px=source.info.input_px or model.size_px)
    models = ModelHolder(load_chosen(bundle, sized, on_progress, live=live))
    stack.enter_context(closing(models))
    disk = stack.enter_context(closing(LocalDisk()))
    swaps = ModelSwaps(config.model, models, live, conditions)
    return Parts(models, source, positioning, _folder(config.output, disk), swaps)


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
