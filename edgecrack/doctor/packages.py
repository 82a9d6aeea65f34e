"""Debian's list of installed packages, read without its tools."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def installed_packages(status: Path) -> dict[str, str]:
    """Return the installed packages and their versions; none where there is no such list.

    Args:
        status: ``/var/lib/dpkg/status``: paragraphs of ``Key: value``, an empty line between two.
    """
    try:
        with status.open(encoding="utf-8", errors="replace") as file:
            return dict(_packages(file))
    except OSError:
        return {}


def _packages(lines: Iterator[str]) -> Iterator[tuple[str, str]]:
    name, version, is_installed = "", "", False
    for line in lines:
        key, _, value = line.rstrip("\n").partition(": ")
        if key == "Package":
            name, version, is_installed = value, "", False
        elif key == "Status":
            is_installed = value.endswith(" installed")
        elif key == "Version":
            version = value
        elif not line.strip() and is_installed:
            yield name, version
            is_installed = False
    if is_installed:
        yield name, version
