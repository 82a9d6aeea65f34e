"""What the unit that is looked at is to do, as far as anybody said."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.config import configure
from edgecrack.errors import EdgecrackError, UsageError
from edgecrack.models.start_model import first_choice
from edgecrack.segmenters import ModelSpec

if TYPE_CHECKING:
    from edgecrack.config import RunConfig

_NO_SOURCE = "test:"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a unit is to do.

    Attributes:
        config: Its configuration file; None where none was named.
        problem: Why that cannot be used; empty where it can.
        is_closed: Whether that is because this user may not read it.
        model: The network that a start tries first, and what runs it.
        source: Address of its camera or video; None where nobody said.
        position: Address of its receiver or log; None where nobody said.
        runs_folder: Where its runs go.
        settings: All that its file says; None where none was named, or it cannot be used.
    """

    config: Path | None = None
    problem: str = ""
    is_closed: bool = False
    model: ModelSpec = field(default_factory=ModelSpec)
    source: str | None = None
    position: str | None = None
    runs_folder: Path = Path("runs")
    settings: RunConfig | None = None


def read_unit(config: Path | None = None, bundle: Path | None = None) -> Unit:
    """Return what a unit is told by its file, whose faults are kept as a sentence.

    Args:
        config: A ``unit.toml``.
        bundle: A model that goes before the file's.

    Raises:
        UsageError: ``bundle`` can be none.
    """
    unit = Unit() if config is None else _from_file(config)
    if bundle is None:
        return unit
    try:
        return replace(unit, model=replace(unit.model, bundle=bundle))
    except ValueError as error:
        raise UsageError(f"--model: {error}.") from error


def _from_file(config: Path) -> Unit:
    try:
        settings, source = _settings(config)
    except EdgecrackError as error:
        is_closed = isinstance(error.__cause__, PermissionError)
        return Unit(config, problem=str(error).rstrip("."), is_closed=is_closed)
    return Unit(
        config=config,
        model=first_choice(settings.model),
        source=source,
        position=settings.position.address,
        runs_folder=settings.output.runs_folder,
        settings=settings,
    )


def _settings(config: Path) -> tuple[RunConfig, str | None]:
    """Return the settings of a file, and its source, which may be left to the command line."""
    try:
        settings = configure({}, config)
    except UsageError:
        return configure({"source": {"address": _NO_SOURCE}}, config), None
    return settings, settings.source.address
