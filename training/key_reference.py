"""The keys of a training configuration, read off the classes that check it.

Names, types, bounds and defaults are those that the classes enforce, and what a key means is the
line of its class's docstring: there is no second copy that could be out of date.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from training.config import TrainConfig

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_ATTRIBUTE = re.compile(r"^ {4}(\w+): ", flags=re.MULTILINE)
_REFERENCE = re.compile(r"#/\$defs/(\w+)")
_BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
    "minItems": "{} or more",
}


@dataclass(frozen=True, slots=True)
class Key:
    """One key of a configuration.

    Attributes:
        name: The key.
        kind: What may stand there, with its bounds.
        default: What holds where it is left out, as TOML or in words; None if it must be given.
        meaning: One sentence or more.
    """

    name: str
    kind: str
    default: str | None
    meaning: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a configuration.

    Attributes:
        name: Its name, such as ``data.split``; empty for the top.
        summary: What it describes.
        keys: Its keys.
    """

    name: str
    summary: str
    keys: tuple[Key, ...]


def tables() -> list[Table]:
    """Return every table with its keys, those that contain others first.

    Example:
        >>> fit = next(table for table in tables() if table.name == "fit")
        >>> epochs = next(key for key in fit.keys if key.name == "epochs")
        >>> epochs.kind, epochs.default, epochs.meaning
        ('integer, above 0', '20', 'Epochs in the whole run.')
    """
    schema = TrainConfig.model_json_schema()
    return list(_tables("", schema, schema["$defs"]))


def _tables(
    name: str, schema: Mapping[str, Any], definitions: Mapping[str, Any]
) -> Iterator[Table]:
    text, _, attributes = schema["description"].partition("Attributes:\n")
    meanings = _meanings(attributes)
    entries = schema["properties"]
    required = schema.get("required", ())
    keys = [
        Key(key, _kind(entry), None if key in required else _default(entry), meanings[key])
        for key, entry in entries.items()
    ]
    yield Table(name, _plain(text.partition("\n\n")[0]), tuple(keys))
    for key, entry in entries.items():
        for reference in _REFERENCE.findall(json.dumps(entry)):
            inner = f"{name}.{key}" if name else key
            yield from _tables(inner, definitions[reference], definitions)


def _meanings(attributes: str) -> dict[str, str]:
    """Return what a docstring says about each attribute, each on one line."""
    _, *parts = _ATTRIBUTE.split(attributes)
    return {name: _plain(meaning) for name, meaning in zip(parts[::2], parts[1::2], strict=True)}


def _plain(text: str) -> str:
    return " ".join(text.replace("``", "").split())


def _default(entry: Mapping[str, Any]) -> str:
    value = entry.get("default")
    if isinstance(value, dict):
        return "that of each key"
    return "nothing" if value in (None, []) else json.dumps(value)


def _kind(entry: Mapping[str, Any]) -> str:
    """Return a JSON schema's type in words."""
    if "$ref" in entry:
        return "table"
    if "anyOf" in entry:  # a type, or nothing
        return next(_kind(way) for way in entry["anyOf"] if way.get("type") != "null")
    if "enum" in entry:
        return " or ".join(json.dumps(value) for value in entry["enum"])
    kind = {"number": "number", "boolean": "true or false", "object": "table"}.get(
        entry["type"], entry["type"]
    )
    if entry["type"] == "array":
        kind = f"list of {_kind(entry['items'])}s"
    bounds = [text.format(entry[key]) for key, text in _BOUNDS.items() if key in entry]
    return ", ".join([kind, *bounds])
