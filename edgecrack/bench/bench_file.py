"""Reads what the benchmark wrote as JSON, checking every key and every kind of value."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from edgecrack.bench.result import (
    SCHEMA_VERSION,
    Agreement,
    BenchResult,
    EndToEnd,
    Latency,
    Live,
    Row,
)
from edgecrack.bench.sensors import SensorSummary, Spread
from edgecrack.device import Device
from edgecrack.errors import InputError
from edgecrack.printable import printable
from edgecrack.records import ModelIdentity

if TYPE_CHECKING:
    from pathlib import Path

MOST_BYTES = 10_000_000
_RECORDS: dict[str, type[Any]] = {
    record.__name__: record
    for record in (
        Agreement, Device, EndToEnd, Latency, Live, ModelIdentity, Row, SensorSummary, Spread,
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class BenchFile:
    """A result, and the file that it was read from.

    Attributes:
        name: Name of the file, without its folder.
        result: What it holds.
    """

    name: str
    result: BenchResult


def load_bench(path: Path) -> BenchFile:
    """Return the result in a file that ``edgecrack bench`` wrote.

    Args:
        path: JSON of at most 10 MB.

    Raises:
        InputError: It cannot be read, or is no result of this version's layout.
    """
    try:
        result = _result(_json(path))
    except (ValueError, RecursionError) as error:
        raise InputError(
            f"{path} must be the JSON that this version of edgecrack bench writes, but {error}; "
            f"measure again."
        ) from error
    return BenchFile(path.name, result)


def _json(path: Path) -> Any:  # noqa: ANN401 - JSON may be anything
    try:
        with path.open("rb") as opened:
            data = opened.read(MOST_BYTES + 1)
    except OSError as error:
        raise InputError(
            f"{path} must be a result of edgecrack bench, but cannot be read "
            f"({error.strerror}); check the path."
        ) from error
    if len(data) > MOST_BYTES:
        raise ValueError(f"it is larger than {MOST_BYTES // 1_000_000} MB")
    try:
        return json.loads(data)
    except ValueError as error:
        raise ValueError("it is no JSON") from error


def _result(values: object) -> BenchResult:
    """Return the result; the layout's version first, since all else depends on it."""
    if not isinstance(values, dict) or "schema_version" not in values:
        raise ValueError("it has no schema_version")
    if (version := values["schema_version"]) != SCHEMA_VERSION:
        raise ValueError(f"its schema_version is {version!r}, not {SCHEMA_VERSION}")
    result: BenchResult = _record(BenchResult, values, "the result")
    names = [row.name for row in result.rows]
    for name in names:
        if names.count(name) > 1:  # which of them would be compared?
            raise ValueError(f"it has {name} twice")
    return result


def _record(record: type[Any], values: object, where: str) -> Any:  # noqa: ANN401 - of that type
    """Return a record of the values; it has exactly the keys that the record has fields.

    Raises:
        ValueError: Keys or values are not those of the record.
    """
    if not isinstance(values, dict):
        raise ValueError(f"{where} is no object")  # noqa: TRY004 - one error for all of a file
    wanted = {field.name: str(field.type) for field in fields(record)}
    if record is Row:  # warnings follow from the rest: Row makes them again
        wanted["warnings"] = "tuple[str]"
    if missing := wanted.keys() - values.keys():
        raise ValueError(f"{where} lacks {', '.join(sorted(missing))}")
    if unknown := values.keys() - wanted.keys():
        raise ValueError(f"{where} has unknown keys: {', '.join(sorted(unknown))}")
    read = {key: _value(kind, values[key], key) for key, kind in wanted.items()}
    read.pop("warnings", None)
    return record(**read)


def _value(kind: str, value: object, key: str) -> Any:  # noqa: ANN401 - of the kind that is named
    """Return a value as the type that a field's annotation names."""
    if kind.endswith(" | None"):
        if value is None:
            return None
        kind = kind.removesuffix(" | None")
    if kind in _RECORDS:
        return _record(_RECORDS[kind], value, key)
    if kind == "Sequence[Row]" and isinstance(value, list):
        return tuple(_record(Row, row, f"row {number}") for number, row in enumerate(value))
    if not _fits(kind, value):
        raise ValueError(f"{key} is no {kind}")
    if isinstance(value, dict):
        return {_clean(name): _clean(text) for name, text in value.items()}
    return _clean(value) if isinstance(value, str) else value


def _clean(text: str) -> str:
    """Return text on one line that a terminal takes for nothing else."""
    return "".join(sign if sign.isprintable() else " " for sign in printable(text))


def _fits(kind: str, value: object) -> bool:
    match kind:
        case "str":
            return isinstance(value, str)
        case "int":
            return type(value) is int and abs(value) < 2**63  # True is no number
        case "float":
            return _fits("int", value) or (isinstance(value, float) and math.isfinite(value))
        case "tuple[str]":
            return isinstance(value, list) and all(isinstance(item, str) for item in value)
        case "dict[str, str]":
            return isinstance(value, dict) and all(isinstance(item, str) for item in value.values())
    return False
