"""Where observations go. A sink takes one at a time; the writer feeds them all from one queue."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from edgecrack.records import Observation
    from edgecrack.storage.run_folder import RunFolder


class Sink(Protocol):
    """Something that keeps observations.

    Attributes:
        missed: Pictures that were due here but had been dropped because output lagged.
    """

    missed: int

    def write(self, observation: Observation) -> None:
        """Take one observation; durable only after ``sync``.

        Raises:
            SinkError: It cannot be kept; nothing of it is left half-written.
        """

    def sync(self) -> None:
        """Make everything written so far durable: acknowledged.

        Raises:
            SinkError: It cannot be kept.
        """

    def close(self) -> None:
        """Let go without syncing; safe to call twice."""


class MemorySink:
    """A sink for tests and programs that look at observations instead of keeping files.

    Attributes:
        observations: Everything written, in order.
        synced: How many of them were there at the last sync.
    """

    def __init__(self) -> None:
        self.missed = 0
        self.observations: list[Observation] = []
        self.synced = 0

    def write(self, observation: Observation) -> None:
        """Remember one observation."""
        self.observations.append(observation)

    def sync(self) -> None:
        """Count what is there."""
        self.synced = len(self.observations)

    def close(self) -> None:
        """Do nothing."""


@dataclass(frozen=True, slots=True)
class SinkOptions:
    """What a run keeps.

    Attributes:
        all_masks: Masks (and pictures) of every frame, not only of those with a crack.
        frames: The evidence picture beside each mask.
        overlay: A video with the cracks drawn in.
        overlay_fps: The nominal rate that video declares.
        run_id: What ties the records of one run together.
    """

    all_masks: bool = False
    frames: bool = True
    overlay: bool = False
    overlay_fps: float = 25.0
    run_id: str | None = None


def open_sinks(folder: RunFolder, options: SinkOptions) -> list[Sink]:
    """Return what keeps a run's results, in the order in which it must be written and synced.

    Records come last: a line is appended only after the pictures it names are durable.

    Raises:
        SinkError: The folder cannot be written.
    """
    from edgecrack.sinks.geojson import GeoJsonSink  # noqa: PLC0415  they import this package
    from edgecrack.sinks.images import ImageSink  # noqa: PLC0415

    return [
        ImageSink(folder, all_masks=options.all_masks, frames=options.frames),
        GeoJsonSink(folder, frames=options.frames, run_id=options.run_id),
    ]


def open_previews(folder: RunFolder, options: SinkOptions) -> list[Sink]:
    """Return what only shows the run to people: it may lose frames and delays no result."""
    if not options.overlay:
        return []
    from edgecrack.sinks.overlay import OverlaySink  # noqa: PLC0415  OpenCV only when asked for

    return [OverlaySink(folder, fps=options.overlay_fps)]
