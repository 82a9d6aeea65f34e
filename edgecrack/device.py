"""A description of this machine, for reports: speeds depend on it."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Any


def describe_device() -> dict[str, Any]:
    """Return machine, board, processor, usable cores, system and Python; None where unknown."""
    return {
        "machine": platform.machine(),
        "board": _board(),
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0)),
        "system": platform.platform(terse=True),
        "python": platform.python_version(),
    }


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
