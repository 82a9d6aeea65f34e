"""The configuration file of the unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.doctor.line import fail, ok
from edgecrack.installation import CONFIG, as_unit, is_packaged

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding
    from edgecrack.doctor.machine import Machine
    from edgecrack.doctor.unit import Unit


def check_configuration(_machine: Machine, unit: Unit) -> Finding:
    """Say whether the file can be used."""
    if unit.config is None:
        return ok(f"none named; {_how_to_name_one()}")
    if unit.is_closed:
        look = as_unit(f"edgecrack doctor --config {unit.config}")
        what_to_do = f"ask as the unit: {look}" if is_packaged() else "let this user read it"
        return fail(f"{unit.config.name} may not be read by this user", what_to_do)
    if unit.problem:
        return fail(unit.problem, f"edit {unit.config.name}")
    return ok(
        f"{unit.config.name} is understood: source {_scheme(unit.source)}, positions "
        f"{_scheme(unit.position)}, backend {unit.model.backend}"
    )


def _how_to_name_one() -> str:
    if not is_packaged():
        return "--config looks at a unit.toml"
    look = as_unit(f"edgecrack doctor --config {CONFIG}")
    return f"these lines are of the user who asks, those of the service are told by {look}"


def _scheme(address: str | None) -> str:
    """Return what kind of address it is; the rest of it nobody needs to be told here."""
    if address is None:
        return "not given"
    scheme, colon, _ = address.partition(":")
    return scheme if colon else "a file or folder"
