"""What a run may be told: on the command line, or in a ``unit.toml`` that a unit keeps.

The rooms say what may be set about them (`edgecrack.settings`); here their tables are put together
and checked. Strict, frozen, doing nothing: an unknown key is refused and the nearest known one is
named.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter, ValidationError

from edgecrack.agreement import disagreement
from edgecrack.detector import DetectionSpec
from edgecrack.errors import ConfigError, UsageError
from edgecrack.health import HealthSpec
from edgecrack.positions import PositionSpec
from edgecrack.printable import printable
from edgecrack.redaction import redact_address
from edgecrack.segmenters import ModelSpec
from edgecrack.settings import setting_of
from edgecrack.sinks import OutputSpec
from edgecrack.sources import SourceSpec
from edgecrack.storage import StorageSpec
from edgecrack.streams import StreamSpec
from edgecrack.thermal import ThermalSpec
from edgecrack.toml import read_toml
from edgecrack.uplink import MqttSpec, UploadSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from dataclasses import Field
    from pathlib import Path

Tables = dict[str, dict[str, Any]]
"""Table -> key -> value, as in ``unit.toml``."""

SPECS = {
    "source": SourceSpec,
    "position": PositionSpec,
    "model": ModelSpec,
    "detection": DetectionSpec,
    "output": OutputSpec,
    "storage": StorageSpec,
    "mqtt": MqttSpec,
    "upload": UploadSpec,
    "stream": StreamSpec,
    "health": HealthSpec,
    "thermal": ThermalSpec,
}
"""Table of ``unit.toml`` -> what may be set in it."""

_FLAT_KEYS = {
    "all_masks": "[output] all_masks",
    "frames": "[output] frames",
    "live": "[source] live",
    "max_gap_s": "[position] max_gap_s",
    "min_crack_share": "[detection] min_crack_share",
    "model": "[model] bundle",
    "out": "[output] runs_folder",
    "overlay": "[output] overlay",
    "position": "[position] address",
    "rate_fps": "[source] rate_fps",
    "region": "[source] region_px",
    "source": "[source] address",
    "video_start": "[source] start",
}
"""Key of a file without tables, as written up to version 0.1 -> where it stands now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunConfig:
    """A run of ``edgecrack run``: one attribute for each table of ``unit.toml``.

    Attributes:
        source: Where frames come from.
        position: Where places come from.
        model: The network, and how to run it.
        detection: What counts as a crack.
        output: What is kept.
        storage: How a run that goes on for weeks is kept.
        mqtt: What is told to whom.
        upload: Where finished segments go.
        stream: What is shown to others.
        health: How a unit tells how it is.
        thermal: When a unit does less.
    """

    source: SourceSpec
    position: PositionSpec = field(default_factory=PositionSpec)
    model: ModelSpec = field(default_factory=ModelSpec)
    detection: DetectionSpec = field(default_factory=DetectionSpec)
    output: OutputSpec = field(default_factory=OutputSpec)
    storage: StorageSpec = field(default_factory=StorageSpec)
    mqtt: MqttSpec = field(default_factory=MqttSpec)
    upload: UploadSpec = field(default_factory=UploadSpec)
    stream: StreamSpec = field(default_factory=StreamSpec)
    health: HealthSpec = field(default_factory=HealthSpec)
    thermal: ThermalSpec = field(default_factory=ThermalSpec)

    def as_json(self) -> dict[str, Any]:
        """Return JSON values, table by table, printable and without secrets."""
        tables = _CONFIG.dump_python(self, mode="json")
        return {
            table: {key: _shown(value) for key, value in values.items()}
            for table, values in tables.items()
        }


_CONFIG = TypeAdapter(RunConfig)


def configure(given: Tables, file: Path | None = None) -> RunConfig:
    """Put together what a run is told: a unit's file, and the command line, which wins.

    Relative paths in the file start from the current folder, as on the command line.

    Args:
        given: What the command line says.
        file: A ``unit.toml``.

    Raises:
        ConfigError: If the file cannot be read, is no TOML, or says something not understood.
        UsageError: If the command line says something that cannot be.
    """
    written = {} if file is None else _read(file)
    merged = {table: {**written.get(table, {}), **given.get(table, {})} for table in SPECS}
    if file is not None:
        # Whatever is wrong now is wrong in the file: the command line has not been looked at.
        alone = {**written, "source": {"address": "", **written.get("source", {})}}
        try:
            in_file = _CONFIG.validate_python(alone)
        except ValidationError as error:
            raise ConfigError(f"{file}: {_complaint(error, _key)}.") from error
        if said := _disagreement(in_file, written):
            raise ConfigError(f"{file}: {said}.")
    if "address" not in merged["source"]:
        raise UsageError("a run needs a SOURCE, such as drive.mp4, or --config unit.toml.")
    try:
        config = _CONFIG.validate_python(merged)
    except ValidationError as error:
        raise UsageError(f"{_complaint(error, _flag)}.") from error
    if said := _disagreement(config, given):
        raise UsageError(f"{said}.")
    return config


def _disagreement(config: RunConfig, said: Tables) -> str:
    return disagreement(config.output, config.storage, config.upload, said)


def settings(spec: type) -> Iterator[Field[Any]]:
    """Yield the fields of a spec, such as ``SourceSpec``, each made by `edgecrack.settings`."""
    yield from fields(spec)


def _read(file: Path) -> Tables:
    """Return the tables of a file, having refused every key that is not known."""
    written = read_toml(file)
    flat = [key for key in written if key in _FLAT_KEYS and not isinstance(written[key], dict)]
    if flat:
        places = ", ".join(f"'{key}' is {_FLAT_KEYS[key]} now" for key in flat)
        raise ConfigError(
            f"{file} must be written in tables, but has keys outside of any: {places}."
        )
    for table, values in written.items():
        if table not in SPECS or not isinstance(values, dict):
            raise ConfigError(f"{file}: there is no table '{table}'; {_nearest(table, SPECS)}")
        known = [declared.name for declared in settings(SPECS[table])]
        for key in values:
            if key not in known:
                raise ConfigError(
                    f"{file}: there is no key '{table}.{key}'; {_nearest(key, known)}"
                )
    if "folder" in written.get("output", {}):
        raise ConfigError(
            f"{file}: each run needs a folder of its own, which 'output.folder' would be only once;"
            " write 'output.runs_folder', in which each run makes one."
        )
    return written


def _nearest(name: str, known: Mapping[str, Any] | list[str]) -> str:
    near = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"did you mean '{near[0]}'?" if near else f"remove it; known are {', '.join(known)}."


def _complaint(error: ValidationError, name_of: Callable[[str, str], str]) -> str:
    """Say what is wrong first; ``name_of`` gives a table's key the name that was written."""
    first = error.errors()[0]
    table, *rest = (str(part) for part in first["loc"])
    if first["type"] == "value_error":  # of our own making: it begins with the key
        key, _, reason = str(first["msg"]).removeprefix("Value error, ").partition(" ")
        return f"{name_of(table, key)} {reason}"
    name = name_of(table, rest[0]) if rest else table
    what_may_be = f". {_help(table, rest[0])}" if rest else ""
    return f"{name} = {_echo(first['input'])} cannot be: {first['msg']}{what_may_be}"


def _key(table: str, key: str) -> str:
    return f"{table}.{key}"


def _flag(table: str, key: str) -> str:
    flags = {declared.name: setting_of(declared).flag for declared in settings(SPECS[table])}
    return flags[key]


def _help(table: str, key: str) -> str:
    """Return what is told of a setting, without its full stop; empty where it is no setting."""
    helps = {declared.name: setting_of(declared).help for declared in settings(SPECS[table])}
    return helps.get(key, "").rstrip(".")


def _echo(value: object) -> str:
    """Return a wrong value for a message; what is inside of a row or a table may be secret."""
    if isinstance(value, (list, tuple, dict)):
        return f"a {type(value).__name__}"
    return repr(_shown(value))


def _shown(value: object) -> object:
    return printable(redact_address(value)) if isinstance(value, str) else value
