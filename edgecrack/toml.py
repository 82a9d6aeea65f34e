"""Read TOML files, and turn what is wrong with one into one sentence.

The pydantic models that check the values are beside what they configure. This file does not import
pydantic, so every package may use it.
"""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING, Any

from edgecrack.errors import ConfigError

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


LIMIT_BYTES = 200_000
"""Far more than anybody writes by hand."""

LIMIT_LINE_BYTES = 2_000
"""Longest line: the parser's work grows with the square of the dots in a key."""

_LARGEST = 2**63


def read_toml(path: Path) -> dict[str, Any]:
    """Return the document in ``path``.

    Raises:
        ConfigError: If the file cannot be read, has more than 200 kB, a line of more than 2 kB or
            a whole number of more than 64 bits, or is no TOML.
    """
    try:
        document = tomllib.loads(_read(path))
    except (OSError, ValueError, RecursionError) as error:  # ValueError: a number of 5000 digits
        raise ConfigError(f"{path} must be a readable TOML file, but: {error}") from error
    if any(type(value) is int and not -_LARGEST <= value < _LARGEST for value in _values(document)):
        raise ConfigError(f"{path} must hold whole numbers of 64 bits, but one is larger")
    return document


def _values(document: dict[str, Any]) -> Iterator[object]:
    """Walk over all that is in a document, however deep it is."""
    waiting: list[object] = [document]
    while waiting:
        value = waiting.pop()
        yield value
        if isinstance(value, dict):
            waiting.extend(value.values())
        elif isinstance(value, list):
            waiting.extend(value)


def _read(path: Path) -> str:
    if path.exists() and not path.is_file():  # a device may never end, a pipe never begin
        raise ConfigError(f"{path} must be a TOML file, and is no file; name another")
    with path.open("rb") as file:
        data = file.read(LIMIT_BYTES + 1)
    if len(data) > LIMIT_BYTES:
        raise ConfigError(f"{path} must have at most {LIMIT_BYTES:,} bytes and has more")
    if max(map(len, data.split(b"\n"))) > LIMIT_LINE_BYTES:
        raise ConfigError(f"{path} must have lines of at most {LIMIT_LINE_BYTES:,} bytes: break it")
    return data.decode()


def config_error(
    name: str, errors: Sequence[Mapping[str, Any]], schema: Mapping[str, Any]
) -> ConfigError:
    """Return the error for the first problem that a validator reports.

    Args:
        name: The file, for the message.
        errors: What pydantic's ``ValidationError.errors()`` returns.
        schema: The JSON schema of the document; the nearest known key is looked up in it.

    Example:
        >>> schema = {"properties": {"width_px": {}, "height_px": {}}}
        >>> unknown = {"type": "extra_forbidden", "loc": ("widht_px",)}
        >>> print(config_error("a.toml", [unknown], schema))
        a.toml: there is no key 'widht_px'; did you mean 'width_px'?
    """
    first = errors[0]
    key = ".".join(str(part) for part in first["loc"])
    if first["type"] in {"extra_forbidden", "unexpected_keyword_argument"}:
        near = difflib.get_close_matches(str(first["loc"][-1]), set(_keys(schema)), n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else "remove it."
        return ConfigError(f"{name}: there is no key '{key}'; {hint}")
    if first["type"] == "missing":
        return ConfigError(f"{name}: the key '{key}' is needed and missing; add it.")
    if first["type"] == "value_error":  # from our own validators: the message is whole
        reason = str(first["msg"]).removeprefix("Value error, ")
        return ConfigError(f"{name}: {key + ': ' if key else ''}{reason}.")
    found = first.get("input")
    if isinstance(found, (list, tuple, dict)):  # what is inside may be secret
        found = type(found)
    return ConfigError(f"{name}: {key} = {found!r:.200} cannot be: {first['msg']}.")


def _keys(schema: object) -> Iterator[str]:
    if isinstance(schema, dict):
        yield from schema.get("properties", {})
        for value in schema.values():
            yield from _keys(value)
