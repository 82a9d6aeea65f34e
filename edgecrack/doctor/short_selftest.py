"""The golden frames of a bundle, for as long as a person waits at the kerb."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecrack.doctor.line import fail, ok, warn
from edgecrack.doctor.probe import ask
from edgecrack.installation import as_here
from edgecrack.models import open_bundle
from edgecrack.models.selftest import prove
from edgecrack.models.variants import variants
from edgecrack.segmenters import ModelSpec

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit
    from edgecrack.manifest import ModelEntry
    from edgecrack.models.variants import Variant

DURATION_S = 5.0
PATIENCE_S = 60.0
"""A network that was begun is finished, and a board that is cold and busy is slow."""
_NICE = 10  # a unit that is running goes first


def short_selftest(bundle: str, duration_s: float) -> dict[str, Any]:
    """Prove one variant of a bundle after the other, at its first size, until the time is up.

    No engine is built: that takes minutes.

    Args:
        bundle: Folder or name of a bundle; empty is the default one.
        duration_s: No further variant is begun after this time; the reference always is.

    Raises:
        EdgecrackError: The bundle is damaged, or cannot be loaded here.
    """
    os.nice(_NICE)
    began_s = time.monotonic()
    opened = open_bundle(ModelSpec(bundle=Path(bundle) if bundle else None))
    proved: dict[str, float] = {}
    failed: dict[str, str] = {}
    left_out: dict[str, str] = {}
    for variant in variants(opened):
        network = opened.model(variant.precision)
        if (proved or failed) and time.monotonic() - began_s > duration_s:
            left_out[str(variant)] = f"{duration_s:g} s were up"
        elif not _is_ready(opened, variant, network):
            left_out[str(variant)] = "it has no engine yet"
        elif (result := prove(opened, network, variant)).passed:
            proved[str(variant)] = result.latency_ms
        else:
            failed[str(variant)] = result.reason
    return {"proved": proved, "failed": failed, "left_out": left_out}


def _is_ready(bundle: Bundle, variant: Variant, network: ModelEntry) -> bool:
    """Whether nothing has to be built first."""
    if variant.backend != "tensorrt":
        return True
    from edgecrack.engines.status import engine_states  # noqa: PLC0415  TensorRT

    return any(
        (each.precision, each.width_px, each.height_px) == (network.precision, *network.size_px)
        for each in engine_states(bundle)
        if each.state == "ok"
    )


def check_selftest(machine: Machine, unit: Unit) -> Finding:
    """Say whether the golden frames give the answers that the bundle promises."""
    bundle = str(unit.model.bundle or "")
    answer = ask(machine, "selftest", bundle, str(DURATION_S), patience_s=PATIENCE_S)
    what_to_do = (
        as_here(f"edgecrack selftest {bundle}".rstrip())
        + "; if that fails, too, use another bundle"
    )
    if answer.problem:
        return fail(answer.problem, what_to_do)
    failed, proved = answer.values["failed"], answer.values["proved"]
    if failed:
        return fail("; ".join(f"{name} {why}" for name, why in failed.items()), what_to_do)
    says = ", ".join(f"{name} {latency_ms:.0f} ms" for name, latency_ms in proved.items())
    left_out = answer.values["left_out"]
    if not proved:
        return warn("nothing here runs this bundle", what_to_do)
    rest = "; ".join(f"{name} was not tried: {why}" for name, why in left_out.items())
    return ok(f"the answers are those promised: {says}{'; ' if rest else ''}{rest}")
