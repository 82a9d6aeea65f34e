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


LIMIT_BYTES = 1_000_000
"""Far more than anybody writes by hand."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the document in ``path``.

    Raises:
        ConfigError: If the file cannot be read, has more than 1 MB, or is no TOML.
    """
    try:
        return tomllib.loads(_read(path))
    except (OSError, UnicodeDecodeError, RecursionError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} must be a readable TOML file, but: {error}") from error


def _read(path: Path) -> str:
    if path.exists() and not path.is_file():  # a device may never end, a pipe never begin
        raise ConfigError(f"{path} must be a TOML file, and is no file; name another")
    with path.open("rb") as file:
        data = file.read(LIMIT_BYTES + 1)
    if len(data) > LIMIT_BYTES:
        raise ConfigError(f"{path} must have at most {LIMIT_BYTES:,} bytes and has more")
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
