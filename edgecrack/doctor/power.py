"""Power mode, clocks and temperature: what every figure of speed depends on."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgecrack.doctor.board import NOT_A_JETSON
from edgecrack.doctor.jetson import read_jetson
from edgecrack.doctor.line import fail, ok, warn
from edgecrack.sysfs import read_sensors

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

_MODE = re.compile(r"^<\s*POWER_MODEL\s+ID=(\d{1,6})\s+NAME=([\w.+-]{1,64})\s*>", re.MULTILINE)
_ANSWER = re.compile(r"NV Power Mode:\s*([\w.+-]+)\s+(\d{1,6})\s*$")
_PATIENCE_S = 5.0
WARM_C, HOT_C = 85.0, 95.0
"""An Orin slows down at 99 °C; a unit in a vehicle needs some reserve."""


def power_mode(machine: Machine) -> str | None:
    """Return the power mode, such as ``2 MAXN_SUPER``; None where nothing tells it."""
    told = read_sensors(machine.root).power_mode
    if told is not None:
        return told
    answer = _ANSWER.search(machine.run(("nvpmodel", "-q"), _PATIENCE_S).stdout)
    return f"{answer[2]} {answer[1]}" if answer else None


def power_modes(machine: Machine) -> dict[int, str]:
    """Return number -> name of the power modes that this board has, from ``/etc/nvpmodel.conf``."""
    found = _MODE.findall(machine.text("/etc/nvpmodel.conf") or "")
    return {int(number): name for number, name in found}


def check_power_mode(machine: Machine, _unit: Unit) -> Finding:
    """Say the power mode, and which others there are."""
    if read_jetson(machine) is None:
        return ok(NOT_A_JETSON)
    mode = power_mode(machine)
    if mode is None:
        return warn(
            "not known: neither /var/lib/nvpmodel/status nor nvpmodel -q tells it",
            "sudo nvpmodel -q; no figure of speed means anything without it",
        )
    others = [f"{number} {name}" for number, name in power_modes(machine).items()]
    others = [other for other in others if other != mode]
    return ok(f"{mode}; there are also {', '.join(others)}" if others else mode)


def check_clocks(machine: Machine, _unit: Unit) -> Finding:
    """Say how fast the cores and the GPU run now, and whether that is fixed."""
    cpu = _range(machine.files("/sys/devices/system/cpu", "cpu[0-9]*/cpufreq"), "scaling_", 1e3)
    folders = [
        folder
        for folder in machine.files("/sys/class/devfreq", "*")
        if re.search("gpu|ga10b|gv11b", folder.name)
    ]
    gpu = _range(folders, "", 1e6)
    told = [f"{what} {text}" for what, text in (("CPU", cpu), ("GPU", gpu)) if text]
    return ok(", ".join(told) or "not known: no clock is to be read here")


def check_temperature(machine: Machine, _unit: Unit) -> Finding:
    """Say how hot the hottest place is."""
    places = read_sensors(machine.root).temperatures_c
    if not places:
        return ok("not known: no sensor tells it")
    hottest = max(places, key=lambda place: places[place])
    says = f"{places[hottest]:.0f} °C at the hottest place, {hottest}"
    if places[hottest] >= HOT_C:
        return fail(f"{says}: it slows down, or will", "cool it: fan, heat sink, out of the sun")
    if places[hottest] >= WARM_C:
        return warn(says, "give it air: it slows down at about 99 °C")
    return ok(says)


def _range(folders: list[Path], prefix: str, divisor: float) -> str:
    """Return clock and limits of the fastest of several, in MHz; empty where nothing tells."""
    found = []
    for folder in folders:
        values = [_number(folder / f"{prefix}{name}_freq") for name in ("cur", "min", "max")]
        if None not in values:
            found.append(tuple(value / divisor for value in values if value is not None))
    if not found:
        return ""
    now, least, most = max(found)
    limits = "fixed" if least == most else f"{least:.0f} to {most:.0f}"
    return f"{now:.0f} MHz ({limits})"


def _number(file: Path) -> int | None:
    try:
        return int(file.read_text(encoding="ascii"))
    except (OSError, ValueError):
        return None
