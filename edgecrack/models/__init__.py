"""The model that comes with edgecrack: a bundle like any other, in the package."""

from __future__ import annotations

from pathlib import Path

from edgecrack.bundle import Bundle, load_bundle

VEHICLE = Path(__file__).parent / "vehicle"


def default_bundle() -> Bundle:
    """Load the default bundle, checking it like a stranger's.

    Its weights may be used for research and demonstration only; the manifest names the data and
    their owners' terms.
    """
    return load_bundle(VEHICLE)
