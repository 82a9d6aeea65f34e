"""The clock: frames and positions are put together by time."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import TYPE_CHECKING

from edgecrack.clock import LEAST_UTC_NS
from edgecrack.doctor.line import fail, ok, warn

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

_PATIENCE_S = 3.0
_UNSYNCHRONISED = 5  # TIME_ERROR of adjtimex(2)
_SYNC = "connect it to a network, or set up chrony with the receiver as its source (gpsd, SHM)"


def check_time(machine: Machine, _unit: Unit) -> Finding:
    """Say whether the clock is right, as far as anything here knows."""
    now = datetime.fromtimestamp(machine.now_s(), timezone.utc)
    if machine.now_s() * 1e9 < LEAST_UTC_NS:
        return fail(f"the clock says {now:%Y-%m-%d %H:%M} UTC, which is past", _SYNC)
    service, state = _service(machine), machine.kernel_clock()
    if state is None:
        return warn(f"whether it is synchronised is not known; {service}", _SYNC)
    if state == _UNSYNCHRONISED:
        return warn(f"not synchronised: {service}; it may drift by seconds a day", _SYNC)
    return ok(f"synchronised; {service}")


def _service(machine: Machine) -> str:
    """Return what keeps the clock, as far as it tells."""
    tracking = machine.run(("chronyc", "-n", "tracking"), _PATIENCE_S)
    if not tracking.problem:
        said = dict(line.split(" : ", 1) for line in _pairs(tracking.stdout))
        return f"chrony, {said.get('System time', 'offset not known').strip()}"
    shown = machine.run(("timedatectl", "show"), _PATIENCE_S)
    if shown.problem:
        return f"neither chrony nor timedatectl tells of it (timedatectl: {shown.problem})"
    said = dict(line.split("=", 1) for line in shown.stdout.splitlines() if "=" in line)
    return f"timedatectl says NTP={said.get('NTP', 'not known')}"


def _pairs(text: str) -> list[str]:
    """Return the lines ``Key   : value`` with one space before the colon."""
    pairs = (line.partition(":") for line in text.splitlines() if ":" in line)
    return [f"{key.strip()} : {value.strip()}" for key, _, value in pairs]
