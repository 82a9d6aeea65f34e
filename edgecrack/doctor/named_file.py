"""Files and folders that a configuration names: whether this user may use them."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail
from edgecrack.doctor.machine import nearest_existing

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.doctor.line import Finding


def unreadable(key: str, file: Path | None) -> Finding | None:
    """Return that a file cannot be read; None where it can, or none is named.

    Args:
        key: What names it, such as ``mqtt.ca_file``.
        file: Which.
    """
    if file is None:
        return None
    try:
        with file.open("rb") as opened:
            opened.read(1)
    except OSError as error:
        return fail(
            f"{file} cannot be read: {error.strerror or error}",
            f"let this user read it, or correct {key}",
        )
    return None


def unwritable(key: str, folder: Path | None) -> Finding | None:
    """Return that a folder cannot be written, nor made where it is missing; else None.

    Args:
        key: What names it, such as ``mqtt.spool_folder``.
        folder: Which; relative ones start from the present folder.
    """
    if folder is None:
        return None
    existing = nearest_existing(folder.absolute())
    if not existing.is_dir():
        return fail(f"{existing} is no folder", f"correct {key}")
    if os.access(existing, os.W_OK | os.X_OK, effective_ids=True):
        return None
    what = "written" if existing == folder.absolute() else f"made in {existing}"
    return fail(
        f"{folder} cannot be {what} by this user", f"give it to this user, or correct {key}"
    )
