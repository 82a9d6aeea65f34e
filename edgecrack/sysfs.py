"""What this machine's sensors say now: power, temperature and clocks from Linux's sysfs.

Where they stand::

    /sys/class/hwmon/hwmon*                          temperatures (m°C), power (µW)
    /sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*      rails of a Jetson, L4T 35 and 36 (mV, mA)
    /sys/class/thermal/thermal_zone*                 temperatures (m°C)
    /sys/devices/system/cpu/cpu*/cpufreq             clocks of the cores (kHz)
    /sys/class/devfreq/*                             clock of a Jetson's GPU (Hz)
    /var/lib/nvpmodel/status, /etc/nvpmodel.conf     power mode of a Jetson, and its name

Most machines have some of them, virtual ones none. A file that is absent, unreadable or says what
cannot be is left out.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BYTES = 65536  # a sysfs file is a page at most, nvpmodel.conf some pages
_COLDEST_C, _HOTTEST_C = -40.0, 150.0  # a zone that is switched off says -256
_MOST_W = 10_000.0
_MOST_MHZ = 20_000.0
_CONSTANT_ZONES = ("PMIC-Die", "PMIC")  # Jetsons state a constant 50 or 100 there
_UNWIRED = re.compile(r"AUXTIN\d*|SYSTIN|PECI\b.*")
"""Inputs of a PC's monitoring chip that a board often leaves open: they float, up to 127."""
INPUT_RAILS = ("VDD_IN", "POM_5V_IN", "VIN")
"""The rails of Jetsons through which everything flows; the others are parts of it."""
_GPU = re.compile(r"gpu|ga10b|gv11b|gp10b|gm20b")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the sensors said at one time; None or empty where nothing told it.

    Attributes:
        temperatures_c: Degrees Celsius by the name of the place.
        rails_w: Power in watts by rail.
        total_w: Power of the whole board or machine.
        cpu_mhz: Clock of the fastest core: those that idle say nothing of the work.
        gpu_mhz: Clock of the GPU.
        power_mode: Power mode of a Jetson, such as ``2 MODE_30W``.
    """

    temperatures_c: dict[str, float] = field(default_factory=dict)
    rails_w: dict[str, float] = field(default_factory=dict)
    total_w: float | None = None
    cpu_mhz: float | None = None
    gpu_mhz: float | None = None
    power_mode: str | None = None

    @property
    def hottest_c(self) -> float | None:
        """The highest temperature."""
        return max(self.temperatures_c.values(), default=None)


def read_sensors(root: Path = Path("/")) -> Reading:
    """Return what the sensors say now.

    Args:
        root: Where ``sys``, ``var`` and ``etc`` lie.

    Example:
        >>> read_sensors(Path("/dev/null"))
        Reading(temperatures_c={}, rails_w={}, total_w=None, cpu_mhz=None, gpu_mhz=None, \
power_mode=None)
    """
    sensors = _hwmon_folders(root)
    shunts = _shunt_rails(sensors)
    meters = _metered_power(sensors)
    return Reading(
        temperatures_c={**zone_temperatures(root), **_hwmon_temperatures(sensors)},
        rails_w={**meters, **shunts},
        total_w=_total_w(shunts, meters),
        cpu_mhz=_fastest(root, "sys/devices/system/cpu/cpu[0-9]*/cpufreq/scaling_cur_freq", 1e3),
        gpu_mhz=_gpu_mhz(root),
        power_mode=_power_mode(root),
    )


def _hwmon_folders(root: Path) -> list[Path]:
    """Return the folder of each sensor chip once: both paths lead to that of an INA3221."""
    found: dict[Path, Path] = {}
    for pattern in ("sys/class/hwmon/hwmon*", "sys/bus/i2c/drivers/ina3221/*/hwmon/hwmon*"):
        for folder in matching(root, pattern):
            found.setdefault(folder.resolve(), folder)
    return list(found.values())


def zone_temperatures(root: Path) -> dict[str, float]:
    """Return degrees Celsius by the name of the thermal zone."""
    found: dict[str, float] = {}
    for zone in matching(root, "sys/class/thermal/thermal_zone*"):
        name = text_in(zone / "type") or zone.name
        value = number_in(zone / "temp", 1e3, _COLDEST_C, _HOTTEST_C)
        if value is not None and name not in _CONSTANT_ZONES:
            found[f"{name} ({zone.name})" if name in found else name] = value
    return found


def _hwmon_temperatures(sensors: list[Path]) -> dict[str, float]:
    found: dict[str, float] = {}
    for folder in sensors:
        chip = text_in(folder / "name") or folder.name
        for file in matching(folder, "temp[0-9]*_input"):
            channel = file.name.removesuffix("_input")
            label = text_in(folder / f"{channel}_label") or channel
            name = f"{chip} {label}"
            value = number_in(file, 1e3, _COLDEST_C, _HOTTEST_C)
            is_faulty = text_in(folder / f"{channel}_fault") == "1" or _UNWIRED.fullmatch(label)
            if value is not None and not is_faulty:
                found[f"{name} ({folder.name})" if name in found else name] = value
    return found


def _shunt_rails(sensors: list[Path]) -> dict[str, float]:
    """Return the rails of the INA3221s, which tell volts and amperes but no watts."""
    found: dict[str, float] = {}
    for folder in sensors:
        if not (text_in(folder / "name") or "").startswith("ina3221"):
            continue
        for channel in (1, 2, 3):  # those above are shunt voltages and sums
            name = text_in(folder / f"in{channel}_label")
            volts = number_in(folder / f"in{channel}_input", 1e3, 0, 100)
            amperes = number_in(folder / f"curr{channel}_input", 1e3, 0, 1000)
            if name and name != "NC" and volts is not None and amperes is not None:
                found[name] = volts * amperes
    return found


def _metered_power(sensors: list[Path]) -> dict[str, float]:
    """Return the power of the chips that tell watts, averaged over time where they do that."""
    found: dict[str, float] = {}
    for folder in sensors:
        chip = text_in(folder / "name") or folder.name
        channels = {
            file.name.partition("_")[0]
            for kind in ("input", "average")
            for file in matching(folder, f"power[0-9]*_{kind}")
        }
        for channel in sorted(channels):
            value = number_in(folder / f"{channel}_average", 1e6, 0, _MOST_W)
            if value is None:
                value = number_in(folder / f"{channel}_input", 1e6, 0, _MOST_W)
            if value is not None:
                found[text_in(folder / f"{channel}_label") or f"{chip} {channel}"] = value
    return found


def _total_w(shunts: dict[str, float], meters: dict[str, float]) -> float | None:
    """Return the power of the whole; None where only parts of it are known.

    It is the rail through which everything flows, or what an ACPI power meter says, or the sum of
    all rails of a board that has no such rail, as an AGX Orin; that is too much where one of them
    feeds another.
    """
    for name in INPUT_RAILS:
        for rails in (shunts, meters):
            if name in rails:
                return rails[name]
    if "power_meter power1" in meters:
        return meters["power_meter power1"]
    return sum(shunts.values()) if shunts else None


def _gpu_mhz(root: Path) -> float | None:
    """Return the clock of the GPU, whose folder is called by its address and chip, or ``gpu``."""
    clocks = [
        number_in(folder / "cur_freq", 1e6, 0, _MOST_MHZ)
        for folder in matching(root, "sys/class/devfreq/*")
        if _GPU.search(f"{folder.name} {text_in(folder / 'device/of_node/name') or ''}")
    ]
    return max((clock for clock in clocks if clock is not None), default=None)


def _power_mode(root: Path) -> str | None:
    status = re.search(r"pmode:(\d{1,6})", text_in(root / "var/lib/nvpmodel/status") or "")
    if status is None:
        return None
    number = int(status.group(1))
    models = text_in(root / "etc/nvpmodel.conf") or ""
    name = re.search(rf"<\s*POWER_MODEL\s+ID={number}\s+NAME=([\w.+-]{{1,64}})\s*>", models)
    return f"{number} {name.group(1)}" if name else str(number)


def _fastest(root: Path, pattern: str, divisor: float) -> float | None:
    clocks = [number_in(file, divisor, 0, _MOST_MHZ) for file in matching(root, pattern)]
    return max((clock for clock in clocks if clock is not None), default=None)


def matching(folder: Path, pattern: str) -> Iterator[Path]:
    """Yield what matches, sorted; nothing where it cannot be listed."""
    try:
        found = sorted(folder.glob(pattern))
    except OSError:
        return
    yield from found


def number_in(file: Path, divisor: float, least: float, most: float) -> float | None:
    """Return the integer in a file over the divisor; None where it is none within the limits."""
    try:
        value = int(text_in(file) or "") / divisor
    except (ValueError, OverflowError):
        return None
    return value if least <= value <= most else None


def text_in(file: Path) -> str | None:
    """Return the stripped text of a file; None where there is none to be read."""
    try:
        with file.open("rb") as opened:
            text = opened.read(_MOST_BYTES).decode("utf-8")
    except (OSError, ValueError):  # decoding errors are ValueErrors
        return None
    return text.strip(" \t\r\n\0") or None
