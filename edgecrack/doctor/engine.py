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
    """Say which engines there are, and in which state; none is loaded or built.

    A unit runs at one size, which its pictures decide where nobody said: one engine may be all that
    it needs.
    """
    if not read_installed(machine).has_tensorrt:
        return ok("none needed without TensorRT")
    bundle = str(unit.model.bundle or "")
    answer = ask(machine, "engines", bundle)
    build = as_here(f"edgecrack engine build {bundle}".rstrip())
    if answer.problem:
        return warn(f"not known: {answer.problem}", "see the lines of TensorRT and pycuda")
    engines = [each for each in answer.values["engines"] if _is_wanted(each, unit)]
    ready = [each for each in engines if each["state"] == "ok"]
    says = f"{len(ready)} of {len(engines)} are built for this machine"
    if ready or not engines:
        states = ", ".join(f"{_name(each)} {each['state']}" for each in engines)
        return ok(f"{says}: {states}" if states else says)
    reasons = "; ".join(f"{_name(each)} is {each['state']} ({each['why']})" for each in engines)
    what_to_do = f"let the first run build what it needs, or {build} --size all"
    return warn(f"{says}; {reasons}", what_to_do)


def _is_wanted(engine: Mapping[str, Any], unit: Unit) -> bool:
    return unit.model.size_px in {None, (engine["width_px"], engine["height_px"])}


def _name(engine: Mapping[str, Any]) -> str:
    return f"{engine['precision']} {engine['width_px']}x{engine['height_px']}"
