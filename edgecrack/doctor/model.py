"""The bundle: whether it is whole, and what its owners allow."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail, ok, warn
from edgecrack.errors import BundleError
from edgecrack.models import open_bundle

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

_RESTRICTED = re.compile(r"\b(research|demonstration|non-?commercial|evaluation)\b", re.IGNORECASE)


def check_bundle(_machine: Machine, unit: Unit) -> Finding:
    """Say whether every file of the bundle has the digest that its manifest promises."""
    try:
        bundle = open_bundle(unit.model)
    except BundleError as error:
        return fail(str(error), "copy or export the bundle again, or use one that comes along")
    manifest = bundle.manifest
    sizes = ", ".join(f"{width_px}x{height_px}" for width_px, height_px in manifest.sizes_px)
    return ok(
        f"{manifest.name} {manifest.release} ({bundle.sha256[:12]}): all {len(manifest.files)} "
        f"files as the manifest says; {', '.join(manifest.precisions)} at {sizes}"
    )


def check_data_terms(_machine: Machine, unit: Unit) -> Finding:
    """Say what may be done with the weights, in the words of their manifest."""
    try:
        provenance = open_bundle(unit.model).manifest.provenance
    except BundleError:
        return fail("not known: the bundle cannot be read", "see the line of the bundle")
    names = ", ".join(data.name for data in provenance.data)
    says = f"{provenance.licence.rstrip('.')}; trained on {names or 'nothing that is named'}"
    if _RESTRICTED.search(provenance.licence):
        return warn(
            says,
            "to survey roads for money, train with pictures of your own (edgecrack-train), or ask "
            "the owners named in manifest.json",
        )
    return ok(says)
