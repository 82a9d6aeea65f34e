"""The inputs that are kept, one a file: ``corpus/TARGET/NAME``."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from tests.fuzz.target import FOLDER

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 300_000
"""All kept inputs of all targets together."""

MOST_BYTES_OF_ONE = 3_000
"""Longest input that is kept for what it reaches; one that broke something is kept in any case."""

_MOST_NEW_BYTES = 15_000  # of a target, each time that what it found is kept


def folder_of(target: str) -> Path:
    """Return the folder of a target's inputs."""
    return FOLDER / "corpus" / target


def kept(target: str) -> list[bytes]:
    """Return the inputs that are kept of a target, by name."""
    folder = folder_of(target)
    return [path.read_bytes() for path in sorted(folder.iterdir())] if folder.is_dir() else []


def keep(target: str, kind: str, data: bytes) -> Path:
    """Keep an input under a name made of its kind, such as ``crash``, and its digest."""
    folder = folder_of(target)
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{kind}-{hashlib.sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return path


def keep_new(target: str, found: list[bytes]) -> None:
    """Keep the shortest of the inputs that reached something new."""
    room_bytes = _MOST_NEW_BYTES
    for data in sorted(found, key=len):
        room_bytes -= len(data)
        if room_bytes < 0 or len(data) > MOST_BYTES_OF_ONE:
            return
        keep(target, "new", data)
