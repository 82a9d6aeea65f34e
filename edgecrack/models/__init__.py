"""The models that come with edgecrack, and which bundle a choice means."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.bundle import MANIFEST, Bundle, load_bundle

if TYPE_CHECKING:
    from edgecrack.segmenters import ModelSpec

MODELS = Path(__file__).parent
DEFAULT = "vehicle"


def model_names() -> list[str]:
    """Return the names of the models that come along, the default one first."""
    names = sorted(path.parent.name for path in MODELS.glob(f"*/{MANIFEST}"))
    return [DEFAULT, *(name for name in names if name != DEFAULT)]


def default_bundle() -> Bundle:
    """Load the default bundle, with the same checks as any other.

    Its weights may be used for research and demonstration only; the manifest names the data and
    their owners' terms.
    """
    return load_bundle(MODELS / DEFAULT)


def open_bundle(spec: ModelSpec) -> Bundle:
    """Load the bundle that ``spec`` names, or the default one.

    A folder comes before a model that comes along and has the same name.

    Raises:
        BundleError: It is damaged, or no bundle.
    """
    if spec.bundle is None:
        return default_bundle()
    if str(spec.bundle) in model_names() and not spec.bundle.exists():
        return load_bundle(MODELS / spec.bundle)
    return load_bundle(spec.bundle)
