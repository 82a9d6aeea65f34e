"""``run.json``: what ran, with which settings and under which terms, and how it ended."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from edgecrack.letterbox import fitting_scale, letterbox

if TYPE_CHECKING:
    from edgecrack.clock.gate import ClockAccount
    from edgecrack.letterbox import Borders
    from edgecrack.models.terms import ModelTerms, ModelUse
    from edgecrack.positions.positioning import FixCounts
    from edgecrack.positions.standstills import Standstill
    from edgecrack.records import Region
    from edgecrack.sources import SourceInfo
    from edgecrack.thermal.sparing import DegradedTime


@dataclass(frozen=True, slots=True)
class NetworkInput:
    """How the region lies in the network's input: scaled alike both ways, never stretched.

    Attributes:
        width_px: Width of the input.
        height_px: Its height.
        scale: Pixels of the input for one of the source picture.
        borders: What the network sees mirrored on each side of the region.
    """

    width_px: int
    height_px: int
    scale: float
    borders: Borders


def network_input(region: Region, input_px: tuple[int, int]) -> NetworkInput:
    """Return how a region lies in an input of this width and height."""
    region_px = (region.width_px, region.height_px)
    borders = letterbox(region_px, input_px).borders
    return NetworkInput(*input_px, fitting_scale(region_px, input_px), borders)


@dataclass(frozen=True, slots=True)
class RunRecord:
    """``run.json``, key by key.

    Attributes:
        run_id: What ties the records of one run together.
        edgecrack: Version of the program.
        written_utc: When this file was written.
        source: What is known of the source.
        position: Where places came from, as typed; None where nothing was.
        fixes: What became of the fixes; None without any track.
        model: The model that ran last, and its terms.
        models: Every model that ran, in order; a record in ``cracks.geojsonl`` names its own.
        model_choice: Which of current, previous and factory model was begun with, and why; empty
            where there was no choice.
        config: The settings, table by table, without passwords.
        picture_px: Width and height of the source picture; None before the first frame.
        region: What the network saw of it, in its pixels; None before the first frame.
        input: How the region lies in the network's input; None before the first frame.
        first_utc: Time of the first frame, where known.
        last_utc: Time of the last frame, where known.
        standstills: When frames were left out because the vehicle stood, the 200 longest times.
        boot_id: Of a live run: which start of the machine its monotonic times count from.
        clock: How the time came to be known; None where it was simply believed.
        degraded: When the unit did less because it was hot or had too little power, the 50 times
            with most frames left out.
        exit_reason: ``running``, ``end of source``, ``interrupted``, ``rolled`` for a segment that
            was full, or the error's message.
        segment: Number of this segment of the run, from 1; None for a run of one folder.
    """

    run_id: str
    edgecrack: str
    written_utc: str
    source: SourceInfo
    position: str | None
    fixes: FixCounts | None
    model: ModelTerms
    models: tuple[ModelUse, ...]
    model_choice: str
    config: dict[str, Any]
    picture_px: tuple[int, int] | None
    region: Region | None
    input: NetworkInput | None
    first_utc: str | None
    last_utc: str | None
    standstills: tuple[Standstill, ...]
    boot_id: str | None
    clock: ClockAccount | None
    degraded: tuple[DegradedTime, ...]
    exit_reason: str
    segment: int | None = None

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return asdict(self)
