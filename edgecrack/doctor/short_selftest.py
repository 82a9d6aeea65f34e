"""The golden frames of a bundle, for as long as a person waits at the kerb."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgecrack.doctor.line import fail, ok, warn
from edgecrack.doctor.probe import ask
from edgecrack.models import open_bundle
from edgecrack.models.selftest import prove
from edgecrack.models.variants import variants
from edgecrack.segmenters import ModelSpec

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

DURATION_S = 5.0
PATIENCE_S = 60.0
"""A network that was begun is finished, and a board that is cold and busy is slow."""
_NICE = 10  # a unit that is running goes first


def short_selftest(bundle: str, duration_s: float) -> dict[str, Any]:
    """Prove one variant of a bundle after the other, at its first size, until the time is up.

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
    left_out: list[str] = []
    for variant in variants(opened):
        if (proved or failed) and time.monotonic() - began_s > duration_s:
            left_out.append(str(variant))
            continue
        result = prove(opened, opened.model(variant.precision), variant)
        if result.passed:
            proved[str(variant)] = result.latency_ms
        else:
            failed[str(variant)] = result.reason
    return {"proved": proved, "failed": failed, "left_out": left_out}


def check_selftest(machine: Machine, unit: Unit) -> Finding:
    """Say whether the golden frames give the answers that the bundle promises."""
    bundle = str(unit.model.bundle or "")
    answer = ask(machine, "selftest", bundle, str(DURATION_S), patience_s=PATIENCE_S)
    what_to_do = (
        f"edgecrack selftest {bundle}".rstrip() + "; if that fails, too, use another bundle"
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
    rest = f"; not tried within {DURATION_S:g} s: {', '.join(left_out)}" if left_out else ""
    return ok(f"the answers are those promised: {says}{rest}")
