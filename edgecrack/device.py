"""A description of this machine, for reports: speeds depend on it."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Device:
    """A machine; None where something is unknown.

    Attributes:
        machine: Instruction set, such as ``x86_64`` or ``aarch64``.
        board: What a board with a device tree, such as Jetson, calls itself.
        processor: The processor's name.
        cores: Cores this process may use.
        system: Operating system.
        python: Version of Python.
    """

    machine: str
    board: str | None
    processor: str | None
    cores: int
    system: str
    python: str


def describe_device() -> Device:
    """Return what this machine is."""
    return Device(
        machine=platform.machine(),
        board=_board(),
        processor=_processor(),
        cores=len(os.sched_getaffinity(0)),
        system=platform.platform(terse=True),
        python=platform.python_version(),
    )


def _board() -> str | None:
    """Return the board's name where there is a device tree, as on a Jetson."""
    try:
        return Path("/proc/device-tree/model").read_text(encoding="utf-8").rstrip("\0\n")
    except (OSError, UnicodeDecodeError):
        return None


def _processor() -> str | None:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return None
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, None)


def processor_flags() -> str:
    """Return what the processor says that it can do, sorted; empty where nothing tells it."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return ""
    flags = {
        flag
        for line in lines
        if line.startswith(("flags", "Features"))  # x86, Arm
        for flag in line.partition(":")[2].split()
    }
    return " ".join(sorted(flags))
