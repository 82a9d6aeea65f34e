"""A JSON file of annotations, and the values in it by their types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from edgecrack.errors import InputError

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


def parse_json(data: bytes, path: Path) -> dict[str, Any]:
    """Return the object in a JSON file's bytes; ``path`` is for the message.

    Raises:
        InputError: If they are no JSON, or hold no object.
    """
    try:
        document = json.loads(data)
    except (UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
        raise InputError(f"{path} must be a readable JSON file, but: {error}.") from error
    if not isinstance(document, dict):
        raise InputError(f"{path} must hold a JSON object, but holds a {type(document).__name__}.")
    return document


def value_of(entry: object, key: str, kind: type[T], path: Path) -> T:
    """Return a value of an object in a JSON file.

    Raises:
        InputError: If ``entry`` is no object, or lacks the key, or its value is of another type.
    """
    value = entry.get(key) if isinstance(entry, dict) else None
    if isinstance(value, kind):
        return value
    raise InputError(
        f"{path} must have a {kind.__name__} for each '{key}', but one is {value!r:.60}; export it "
        "again."
    )
