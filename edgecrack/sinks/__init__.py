"""Where observations go. A sink takes one at a time; the writer feeds them all from one queue."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgecrack.settings import setting

if TYPE_CHECKING:
    from edgecrack.clock.gate import ClockGate
    from edgecrack.records import Observation
    from edgecrack.storage.run_folder import RunFolder


class Sink(Protocol):
    """Something that keeps observations."""

    @property
    def missed(self) -> int:
        """Pictures that were due here but had been dropped because output lagged."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputSpec:
    """What a run keeps: the table ``[output]`` of ``unit.toml``.

    Attributes:
        folder: Where the results go, new or empty; None makes one in ``runs_folder``.
        runs_folder: Where each run makes a new folder named after the time.
        all_masks: Masks (and pictures) of every frame, not only of those with a crack.
        frames: The evidence picture beside each mask.
        overlay: A video with the cracks drawn in.
    """

    folder: Path | None = setting(
        None,
        flag="--out",
        help="Folder for the results, new or empty.",
        default_text="a new one in --runs-folder",
    )
    runs_folder: Path = setting(
        Path("runs"),
        flag="--runs-folder",
        help="Folder in which each run makes a new one, named after the time.",
    )
    all_masks: bool = setting(
        default=False, flag="--all-masks", help="A mask for every frame, crack or not."
    )
    frames: bool = setting(
        default=True,
        flag="--frames/--no-frames",
        help="Keep the evidence picture of each mask.",
        default_text="kept",
    )
    overlay: bool = setting(
        default=False, flag="--overlay", help="Write overlay.mp4 with the cracks drawn in."
    )


def open_sinks(
    folder: RunFolder,
    spec: OutputSpec,
    run_id: str | None = None,
    *,
    live: bool = False,
    gate: ClockGate | None = None,
) -> list[Sink]:
    """Return what keeps a run's results, in the order in which it must be written and synced.

    Records come last: a line is appended only after the pictures it names are durable.

    Args:
        folder: Where to write.
        spec: What to keep.
        run_id: What ties the records of one run together.
        live: Records say when their frames were taken by the monotonic clock, too.
        gate: What is believed of the clock, which is then written down; None writes nothing.

    Raises:
        SinkError: The folder cannot be written.
    """
    from edgecrack.sinks.clock import ClockSink  # noqa: PLC0415  they import this package
    from edgecrack.sinks.geojson import GeoJsonSink  # noqa: PLC0415
    from edgecrack.sinks.images import ImageSink  # noqa: PLC0415

    return [
        *([] if gate is None else [ClockSink(folder, gate)]),
        ImageSink(folder, all_masks=spec.all_masks, frames=spec.frames),
        GeoJsonSink(folder, frames=spec.frames, run_id=run_id, live=live),
    ]


def open_previews(
    folder: RunFolder, spec: OutputSpec, fps: float, *, in_hardware: bool = True
) -> list[Sink]:
    """Return what only shows the run to people: it may lose frames and delays no result.

    Args:
        folder: Where to write.
        spec: What to keep.
        fps: The nominal rate that a video declares.
        in_hardware: Let a board's own unit encode, where it has one.
    """
    if not spec.overlay:
        return []
    from edgecrack.sinks.overlay import OverlaySink  # noqa: PLC0415  OpenCV only when asked for

    return [OverlaySink(folder, fps=fps, in_hardware=in_hardware)]
