"""The folders of ``[storage]``: whether runs can be kept, and within what."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.doctor.line import ok, together, warn
from edgecrack.doctor.machine import nearest_existing
from edgecrack.doctor.named_file import unwritable

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit
    from edgecrack.storage import StorageSpec


def check_storage(machine: Machine, unit: Unit) -> Finding:
    """Say whether this user may write runs, and how a run that rolls is kept."""
    if unit.settings is None:
        return ok("not known without a configuration")
    storage = unit.settings.storage
    return together(
        _rolling(storage),
        unwritable("output.runs_folder", unit.runs_folder),
        _too_much(machine, unit, storage),
    )


def _rolling(storage: StorageSpec) -> str:
    after = [
        f"{value:g} {what}"
        for value, what in ((storage.roll_minutes, "minutes"), (storage.roll_mb, "MB"))
        if value
    ]
    if not after:
        return "one folder for the whole run"
    most = "" if storage.most_gb is None else f", {storage.most_gb:g} GB of them at most"
    return f"a new folder after {' or '.join(after)}{most}"


def _too_much(machine: Machine, unit: Unit, storage: StorageSpec) -> Finding | None:
    """Return that a bound is beyond the disk, so that only ``keep_free_mb`` bounds anything."""
    total_bytes = machine.space(nearest_existing(unit.runs_folder.absolute())).total_bytes
    for key, bound_bytes in (
        ("most_gb", 1e9 * (storage.most_gb or 0)),
        ("keep_free_mb", 1e6 * storage.keep_free_mb),
    ):
        if storage.rolls and bound_bytes > total_bytes:
            return warn(
                f"storage.{key} is more than the whole disk, {total_bytes / 1e9:.0f} GB",
                f"lower storage.{key}",
            )
    return None
