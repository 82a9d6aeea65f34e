"""The board, the release of its system, and the Python that its bindings are built for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgecrack.doctor.jetpacks import JETPACKS, dotted, jetpack_of
from edgecrack.doctor.jetson import read_jetson
from edgecrack.doctor.line import fail, ok, warn
from edgecrack.installation import as_here

if TYPE_CHECKING:
    from edgecrack.doctor.jetpacks import JetPack
    from edgecrack.doctor.jetson import Jetson
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit

NOT_A_JETSON = "not a Jetson"


def check_board(machine: Machine, _unit: Unit) -> Finding:
    """Say which board this is."""
    jetson = read_jetson(machine)
    if jetson is None:
        return ok(f"{NOT_A_JETSON}: {_processor(machine)}")
    model, chip = jetson.model or "a Jetson of unknown model", jetson.chip or "unknown chip"
    if jetson.chip is None:
        return ok(f"{model}; its device tree is not to be seen here, as in a container")
    if jetson.family is None:
        return fail(
            f"{model} ({chip}), neither an Orin nor a Thor",
            "use a Jetson Orin or Thor: JetPack 6 and 7 run on no other board",
        )
    return ok(f"{model} ({jetson.family}, {chip})")


def check_jetpack(machine: Machine, _unit: Unit) -> Finding:
    """Say which JetPack this is, and whether it fits the board."""
    jetson = read_jetson(machine)
    if jetson is None:
        return ok(f"{NOT_A_JETSON}: {_system(machine)}")
    if jetson.l4t is None:
        return warn(
            "the release of L4T is not known: neither /etc/nv_tegra_release nor the package "
            "nvidia-l4t-core tells it",
            "in a container, mount /etc/nv_tegra_release into it; else flash JetPack again",
        )
    if jetson.packaged_l4t not in {None, jetson.l4t}:
        return fail(
            f"L4T {dotted(jetson.l4t)} by /etc/nv_tegra_release, but "
            f"{dotted(jetson.packaged_l4t or ())} by nvidia-l4t-core",
            "an upgrade is half done: sudo apt full-upgrade, then reboot",
        )
    return _release(jetson, jetson.l4t, jetpack_of(jetson.l4t))


def check_python(machine: Machine, _unit: Unit) -> Finding:
    """Say whether this Python is the one that the system's bindings are built for."""
    jetson, own = read_jetson(machine), dotted(machine.python)
    release = jetpack_of(jetson.l4t) if jetson else None
    if release is None or release.python == machine.python[:2]:
        return ok(f"Python {own}")
    wanted = dotted(release.python)
    return fail(
        f"Python {own}, but JetPack {release.name} builds GStreamer's and TensorRT's bindings for "
        f"Python {wanted}",
        f"make the environment from the system's own: /usr/bin/python{wanted} -m venv .venv",
    )


def _release(jetson: Jetson, l4t: tuple[int, ...], release: JetPack | None) -> Finding:
    version = f"L4T {dotted(l4t)}"
    package = f", package nvidia-jetpack {jetson.jetpack_package}" if jetson.jetpack_package else ""
    if release is None:
        known = ", ".join(dotted(each.l4t) for each in JETPACKS)
        return warn(
            f"{version}{package}: edgecrack knows only L4T {known}, and nothing of this one",
            f"run {as_here('edgecrack selftest --first-hour')}, which shows what holds",
        )
    name = f"{version}, JetPack {release.name}{package}"
    if jetson.family is not None and jetson.family not in release.families:
        families = " and ".join(release.families)
        return fail(
            f"{name}, which supports {families} and not {jetson.family}",
            f"flash a JetPack that supports {jetson.family}, such as "
            + next(each.name for each in reversed(JETPACKS) if jetson.family in each.families),
        )
    return ok(name)


def _processor(machine: Machine) -> str:
    info = machine.text("/proc/cpuinfo") or ""
    names = re.findall(r"^model name\s*:\s*(.+)$", info, re.MULTILINE)
    cores = len(re.findall(r"^processor\s*:", info, re.MULTILINE))
    return f"{names[0] if names else 'processor not known'}, {cores or 'unknown number of'} cores"


def _system(machine: Machine) -> str:
    name = re.search(r'(?m)^PRETTY_NAME="?([^"\n]+)', machine.text("/etc/os-release") or "")
    return name[1] if name else "system not known"
