"""What can run a network here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail, not_known, ok, warn
from edgecrack.doctor.probe import ask

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
        return fail(says, f"pip install {_REFERENCE}: nothing can be proved without it")
    if unit.model.backend in absent:
        wanted = unit.model.backend
        return fail(
            f"{wanted} is wanted; {says}", f"pip install 'edgecrack[{wanted}]', or backend = 'auto'"
        )
    if set(here) == {_REFERENCE}:
        return warn(says, "pip install 'edgecrack[openvino]', which is two to three times as fast")
    return ok(says)
