"""Which models a run used, and what may be done with their weights."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle


@dataclass(frozen=True, slots=True)
class ModelTerms:
    """The model of a run, and what may be done with its weights.

    Attributes:
        name: The model's name.
        release: Its version.
        sha256: Its identity.
        threshold: A pixel is crack when its probability (0..255) is at least this.
        road_threshold: A pixel is road when its road (0..255) is at least this, and cracks are
            reported there only; None where the network does not say what is road.
        licence: What may be done with the weights.
        data_terms: Each data set they were trained on, with its owner's terms.
    """

    name: str
    release: str
    sha256: str
    threshold: int
    road_threshold: int | None
    licence: str
    data_terms: tuple[str, ...]


def model_terms(bundle: Bundle) -> ModelTerms:
    """Return what a bundle's manifest says of its model."""
    manifest = bundle.manifest
    return ModelTerms(
        name=manifest.name,
        release=manifest.release,
        sha256=bundle.sha256,
        threshold=manifest.threshold,
        road_threshold=manifest.road_threshold,
        licence=manifest.provenance.licence,
        data_terms=tuple(f"{data.name}: {data.licence}" for data in manifest.provenance.data),
    )


@dataclass(frozen=True, slots=True)
class ModelUse:
    """From which frame on a model was used.

    Attributes:
        first_frame: Number of its first frame.
        model: The model, and its terms.
    """

    first_frame: int
    model: ModelTerms
