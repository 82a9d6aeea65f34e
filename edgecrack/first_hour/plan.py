"""What is done in a board's first hour, and how long each part lasts."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edgecrack.doctor.unit import Unit
from edgecrack.models import open_bundle

if TYPE_CHECKING:
    from edgecrack.segmenters import ModelSpec


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done.

    Attributes:
        unit: The model, and what may run it.
        video: What the benchmark's whole runs survey; None renders a short drive.
        bench_s: How long each measurement of the benchmark lasts.
        soak_s: How long the soak lasts.
        deadline_s: How long one network may take for its golden frames.
    """

    unit: Unit = field(default_factory=Unit)
    video: str | None = None
    bench_s: float = 3.0
    soak_s: float = 60.0
    deadline_s: float = 120.0

    def model(self) -> ModelSpec:
        """Return the network at one size, its bundle's first unless the unit says another.

        An engine takes minutes for each size.

        Raises:
            BundleError: The bundle cannot be read.
        """
        asked = self.unit.model
        if asked.size_px is not None:
            return asked
        return replace(asked, size_px=open_bundle(asked).manifest.sizes_px[0])
