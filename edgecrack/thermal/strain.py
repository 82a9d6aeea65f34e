"""How hot a machine is, and what its supply gives, from Linux's sysfs.

Beside what `edgecrack.sysfs` reads::

    /sys/class/power_supply/*/voltage_now, capacity_level    of a battery or a mains adapter (µV)
    /sys/class/hwmon/hwmon*/in*_lcrit_alarm                  1 while a voltage is too low
    /sys/class/hwmon/hwmon*/oc*_event_cnt                    how often a Jetson throttled itself
                                                             because its supply gave way

A file that is absent, unreadable or says what cannot be is left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.sysfs import (
    INPUT_RAILS,
    matching,
    number_in,
    read_sensors,
    text_in,
    zone_temperatures,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgecrack.thermal import ThermalSpec

_LEAST_V, _MOST_V = 1.0, 100.0
_MOST_EVENTS = 2**63
_WEAK = ("Critical", "Low")


@dataclass(frozen=True, slots=True)
class Strain:
    """What a machine has to bear at one time; None where nothing tells it.

    Attributes:
        temperature_c: Of its hottest place, degrees Celsius.
        place: Which that is.
        supply_v: Voltage of its supply; of several the lowest.
        is_weak: Whether something says that the supply is weak now.
        events: How often the board has throttled itself since it started, for its supply's sake.
    """

    temperature_c: float | None = None
    place: str = ""
    supply_v: float | None = None
    is_weak: bool = False
    events: int = 0


def read_strain(root: Path = Path("/")) -> Strain:
    """Return what a machine has to bear now.

    Its thermal zones tell how hot it is; only where there are none, all other sensors do, which may
    be those of a disk.

    Args:
        root: Where ``sys`` lies.

    Example:
        >>> read_strain(Path("/dev/null"))
        Strain(temperature_c=None, place='', supply_v=None, is_weak=False, events=0)
    """
    temperatures_c = zone_temperatures(root) or read_sensors(root).temperatures_c
    place = max(temperatures_c, key=lambda name: temperatures_c[name], default="")
    return Strain(
        temperature_c=temperatures_c.get(place),
        place=place,
        supply_v=min(_volts(root), default=None),
        is_weak=_is_weak(root),
        events=sum(_events(root)),
    )


def untold(spec: ThermalSpec, strain: Strain) -> str:
    """Say which thresholds do nothing because no sensor tells; empty where all do something.

    Example:
        >>> from edgecrack.thermal import ThermalSpec
        >>> untold(ThermalSpec(warm_c=80.0, hot_c=90.0), Strain())
        'no sensor tells the temperature, so thermal.warm_c and hot_c do nothing'
    """
    of_temperature, of_voltage = ("warm_c", "hot_c", "critical_c"), ("low_v", "critical_v")
    lacks = []
    for what, keys, found in (
        ("temperature", of_temperature, strain.temperature_c),
        ("voltage of the supply", of_voltage, strain.supply_v),
    ):
        said = [key for key in keys if getattr(spec, key) is not None]
        if said and found is None:
            does = "does" if len(said) == 1 else "do"
            names = " and ".join(filter(None, (", ".join(said[:-1]), said[-1])))
            lacks.append(f"no sensor tells the {what}, so thermal.{names} {does} nothing")
    return ", and ".join(lacks)


def _volts(root: Path) -> Iterator[float]:
    for file in matching(root, "sys/class/power_supply/*/voltage_now"):
        volts = number_in(file, 1e6, _LEAST_V, _MOST_V)
        if volts is not None:
            yield volts
    for label in matching(root, "sys/class/hwmon/hwmon*/in[0-9]*_label"):
        if text_in(label) in INPUT_RAILS:
            rail = label.with_name(label.name.replace("_label", "_input"))
            volts = number_in(rail, 1e3, _LEAST_V, _MOST_V)
            if volts is not None:
                yield volts


def _is_weak(root: Path) -> bool:
    levels = matching(root, "sys/class/power_supply/*/capacity_level")
    alarms = matching(root, "sys/class/hwmon/hwmon*/in[0-9]*_lcrit_alarm")
    return any(text_in(file) in _WEAK for file in levels) or any(
        text_in(file) == "1" for file in alarms
    )


def _events(root: Path) -> Iterator[int]:
    for file in matching(root, "sys/class/hwmon/hwmon*/oc[0-9]*_event_cnt"):
        count = number_in(file, 1, 0, _MOST_EVENTS)
        if count is not None:
            yield int(count)
