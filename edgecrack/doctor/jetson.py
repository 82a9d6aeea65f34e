"""Which Jetson this is, and which release of its Linux it runs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.doctor.jetpacks import FAMILIES, version_of

if TYPE_CHECKING:
    from edgecrack.doctor.jetpacks import Version
    from edgecrack.doctor.machine import Machine

_RELEASE = re.compile(r"R(\d+) \(release\), REVISION: (\d+)\.(\d+)")
_CHIP = re.compile(r"nvidia,(tegra\w+)$", re.MULTILINE)
_ORIN_NANO = re.compile(r"p3767-000[345]\b")


@dataclass(frozen=True, slots=True)
class Jetson:
    """A Jetson.

    Attributes:
        model: What the board calls itself; None where nothing tells.
        chip: Such as ``tegra234``; None where nothing tells.
        family: ``Orin`` or ``Thor``; None for another, or where nothing tells.
        l4t: Release of its Linux, three numbers; None where nothing tells.
        packaged_l4t: The same by the package ``nvidia-l4t-core``; None where that is not there.
        jetpack_package: Version of the package ``nvidia-jetpack``; None where that is not there.
        has_nvenc: Whether the chip encodes video; an Orin Nano does not.
    """

    model: str | None
    chip: str | None
    family: str | None
    l4t: Version | None
    packaged_l4t: Version | None
    jetpack_package: str | None
    has_nvenc: bool


def read_jetson(machine: Machine) -> Jetson | None:
    """Return which Jetson a machine is; None where it is none.

    It is one where the device tree names a Tegra, or where ``/etc/nv_tegra_release`` is there.
    """
    compatible = machine.text("/proc/device-tree/compatible") or ""
    release = machine.text("/etc/nv_tegra_release")
    chip = _CHIP.search(compatible)
    if chip is None and release is None:
        return None
    packages = machine.packages("nvidia-")
    numbers = _RELEASE.search(release or "")
    packaged = version_of(packages.get("nvidia-l4t-core", ""))[:3] or None
    return Jetson(
        model=machine.text("/proc/device-tree/model"),
        chip=chip[1] if chip else None,
        family=FAMILIES.get(chip[1]) if chip else None,
        l4t=tuple(map(int, numbers.groups())) if numbers else packaged,
        packaged_l4t=packaged,
        jetpack_package=packages.get("nvidia-jetpack"),
        has_nvenc=_ORIN_NANO.search(compatible) is None,
    )
