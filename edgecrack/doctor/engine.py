"""TensorRT's engines of this bundle: which are built, and whether they are for this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgecrack.doctor.accelerator import read_installed
from edgecrack.doctor.line import ok, warn
from edgecrack.doctor.probe import ask
from edgecrack.installation import as_here

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit


def check_engine(machine: Machine, unit: Unit) -> Finding:
    """Say which engines there are, and in which state; none is loaded or built."""
    if not read_installed(machine).has_tensorrt:
        return ok("none needed without TensorRT")
    bundle = str(unit.model.bundle or "")
    answer = ask(machine, "engines", bundle)
    build = as_here(f"edgecrack engine build {bundle}".rstrip())
    if answer.problem:
        return warn(f"not known: {answer.problem}", "see the lines of TensorRT and pycuda")
    engines = answer.values["engines"]
    ready = [each for each in engines if each["state"] == "ok"]
    says = f"{len(ready)} of {len(engines)} are built for this machine"
    if len(ready) == len(engines):
        return ok(f"{says}: {', '.join(map(_name, ready))}")
    others = "; ".join(
        f"{_name(each)} is {each['state']}" + (f" ({each['why']})" if each["why"] else "")
        for each in engines
        if each["state"] != "ok"
    )
    return warn(
        f"{says}; {others}", f"{build} --size all, or let the first run build what it needs"
    )


def _name(engine: Mapping[str, Any]) -> str:
    return f"{engine['precision']} {engine['width_px']}x{engine['height_px']}"
