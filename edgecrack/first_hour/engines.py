"""The engines that TensorRT needs on this board: built if they are not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.doctor.accelerator import read_installed
from edgecrack.doctor.line import ok, warn
from edgecrack.first_hour.step import Outcome

if TYPE_CHECKING:
    from edgecrack.doctor.machine import Machine
    from edgecrack.first_hour.plan import Plan


def build_engines(machine: Machine, _plan: Plan) -> Outcome:
    """Build what is missing, and say in which precision each engine computes."""
    if not read_installed(machine).has_tensorrt:
        return Outcome(ok("none to build without TensorRT"))
    return Outcome(warn("none built: this edgecrack builds no engines", "update edgecrack"))
