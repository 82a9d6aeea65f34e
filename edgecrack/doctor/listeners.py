"""What others may ask of a unit or see of it: ``[health]`` and ``[stream]``. Nothing is opened."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail, ok, together, warn
from edgecrack.doctor.named_file import unreadable, unwritable
from edgecrack.errors import ConfigError
from edgecrack.health.server import read_token
from edgecrack.streams.address import StreamKind

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit


def check_health(_machine: Machine, unit: Unit) -> Finding:
    """Say who may ask how the unit is."""
    spec = unit.settings.health if unit.settings else None
    if spec is None or spec.address is None:
        return ok("nobody may ask how the unit is: there is no health.address")
    return together(
        f"asked at {spec.address}, {'with a token' if spec.token_file else 'without a token'}",
        unreadable("health.token_file", spec.token_file) or _token(spec.token_file),
        _open(spec.open_to),
    )


def check_stream(_machine: Machine, unit: Unit) -> Finding:
    """Say who may see what the camera sees."""
    spec = unit.settings.stream if unit.settings else None
    address = spec.destination if spec else None
    if address is None:
        return ok("nothing is shown to others: there is no stream.address")
    folder = Path(address.path) if address.kind is StreamKind.HLS else None
    return together(
        f"shown at {address.name}",
        unwritable("stream.address", folder),
        _open(address.open_to),
    )


def _token(file: Path | None) -> Finding | None:
    if file is None:
        return None
    try:
        read_token(file)
    except ConfigError as error:
        return fail(str(error).rstrip("."), "write the token into it, on one line")
    return None


def _open(open_to: str) -> Finding | None:
    said, _, what_to_do = open_to.partition("; ")
    return warn(said, what_to_do) if open_to else None
