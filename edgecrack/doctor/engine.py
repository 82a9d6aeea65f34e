"""TensorRT's engines of this bundle: which are built, and whether they are for this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.doctor.accelerator import read_installed
from edgecrack.doctor.line import ok, warn

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit


def check_engine(machine: Machine, _unit: Unit) -> Finding:
    """Say which engines there are, and in which state."""
    if not read_installed(machine).has_tensorrt:
        return ok("none needed without TensorRT")
    return warn("not known: this edgecrack builds no engines", "update edgecrack")
