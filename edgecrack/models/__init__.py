"""The model that comes with edgecrack, and which bundle a choice means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.bundle import Bundle, load_bundle

if TYPE_CHECKING:
    from edgecrack.segmenters import ModelSpec

VEHICLE = Path(__file__).parent / "vehicle"


def default_bundle() -> Bundle:
    """Load the default bundle, with the same checks as any other.

    Its weights may be used for research and demonstration only; the manifest names the data and
    their owners' terms.
    """
    return load_bundle(VEHICLE)


def open_bundle(spec: ModelSpec) -> Bundle:
    """Load the bundle that ``spec`` names, or the default one.

    Raises:
        BundleError: It is damaged, or no bundle.
    """
    return load_bundle(spec.bundle or VEHICLE)
