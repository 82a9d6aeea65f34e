"""The version of Jetson Linux, which an engine depends on."""

from __future__ import annotations

import re
from pathlib import Path

_RELEASE = Path("/etc/nv_tegra_release")
_FORM = re.compile(r"# R(\d+) \(release\), REVISION: ([\d.]+)")


def l4t_version(release: Path = _RELEASE) -> str:
    """Return the version of Jetson Linux (L4T), such as ``36.4.3``; empty elsewhere.

    Args:
        release: The file in which it stands.
    """
    try:
        return parse_release(release.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return ""


def parse_release(text: str) -> str:
    """Return the version in the text of ``/etc/nv_tegra_release``; empty if there is none.

    Example:
        >>> parse_release("# R36 (release), REVISION: 4.3, GCID: 38968081, BOARD: generic")
        '36.4.3'
    """
    match = _FORM.match(text)
    return f"{match[1]}.{match[2]}" if match else ""
