"""Thresholds of ``[thermal]``: whether anything tells what they are about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.doctor.line import ok, warn
from edgecrack.thermal.strain import read_strain, untold

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit


def check_thermal(machine: Machine, unit: Unit) -> Finding:
    """Say whether the unit will notice that it is too hot, or has too little power."""
    spec = unit.settings.thermal if unit.settings else None
    if spec is None or not spec.is_on:
        return ok("heat and supply change nothing: [thermal] sets no threshold")
    strain = read_strain(machine.root)
    missing = untold(spec, strain)
    if missing:
        return warn(missing, "leave these keys out, or see what /sys/class/thermal lacks")
    degrees = (
        "" if strain.temperature_c is None else f"{strain.temperature_c:g} °C at {strain.place}"
    )
    volts = "" if strain.supply_v is None else f"{strain.supply_v:.2f} V"
    return ok(f"watched: {', '.join(filter(None, (degrees, volts))) or 'alarms of the supply'}")
