"""A JSON file of annotations, and the values in it by their types."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypeVar

from edgecrack.errors import InputError
from training.imports.export import LIMIT_BYTES

if TYPE_CHECKING:
    from pathlib import Path

T = TypeVar("T")


def read_json(path: Path) -> dict[str, Any]:
    """Return the object in a JSON file.

    Raises:
        InputError: If it cannot be read, is too large, or holds no object.
    """
    try:
        is_file = path.is_file()  # a device may never end, a pipe never begin
        size_bytes = path.stat().st_size
        if not is_file or size_bytes > LIMIT_BYTES:
            raise InputError(
                f"{path} must be a file of at most {LIMIT_BYTES >> 20} MiB, but is "
                f"{f'one of {size_bytes >> 20} MiB' if is_file else 'none'}; export fewer pictures."
            )
        document = json.loads(path.read_bytes())
    except (OSError, UnicodeDecodeError, RecursionError, json.JSONDecodeError) as error:
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
