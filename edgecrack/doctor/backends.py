"""What can run a network here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail, not_known, ok, warn
from edgecrack.doctor.probe import ask
from edgecrack.installation import to_install, to_repair

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

_REFERENCE = "onnxruntime"


def check_backends(machine: Machine, unit: Unit) -> Finding:
    """Say which backends there are, and whether the one that was asked for is among them."""
    answer = ask(machine, "backends")
    if answer.problem:
        return not_known(answer.problem)
    here = {name: said["version"] for name, said in answer.values.items() if "version" in said}
    absent = {name: said["problem"] for name, said in answer.values.items() if "problem" in said}
    says = ", ".join(f"{name} {version}" for name, version in here.items()) or "none"
    if absent:
        says += f"; not here: {', '.join(f'{name} {why}' for name, why in absent.items())}"
    if _REFERENCE not in here:
        return fail(says, f"{to_repair()}: nothing can be proved without it")
    if unit.model.backend in absent:
        wanted = unit.model.backend
        return fail(f"{wanted} is wanted; {says}", f"{to_install(wanted)}, or set backend = 'auto'")
    if set(here) == {_REFERENCE} and machine.processor == "x86_64":
        return warn(says, f"{to_install('openvino')}: it is two to three times as fast")
    return ok(says)
