"""A configuration that begins with another one: ``base = "dashcam.toml"``, and what differs.

So networks of one recipe share a file. A key replaces the base's key of the same table; a list,
such as that of the data sets, is replaced as a whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from edgecrack.errors import ConfigError
from edgecrack.toml import read_toml

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_with_base(path: Path, seen: tuple[Path, ...] = ()) -> tuple[dict[str, Any], Path]:
    """Return the document in ``path`` upon its base, and the file that lists the data sets.

    Args:
        path: A TOML file; its ``base`` is relative to it, and may have a base itself.
        seen: The files that led to this one.

    Raises:
        ConfigError: If a file cannot be read or is no TOML, ``base`` is no text, or a file is its
            own base, directly or by way of others.
    """
    values = read_toml(path)
    base = values.pop("base", None)
    if base is None:
        return values, path
    if not isinstance(base, str):
        raise ConfigError(f"{path}: base must be the name of a file, not {base!r:.200}.")
    seen = (*seen, path.resolve())
    base_path = path.parent / base
    if base_path.resolve() in seen:
        raise ConfigError(f"{path}: base = '{base}' must not lead back to itself; name another.")
    if not base_path.is_file():
        raise ConfigError(f"{path}: base = '{base}' must be a file beside it, and there is none.")
    base_values, source = read_with_base(base_path, seen)
    return merged(base_values, values), path if "data" in values else source


def merged(base: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the keys of ``values`` put in, table by table.

    Example:
        >>> merged({"name": "a", "fit": {"seed": 1, "batch": 2}}, {"fit": {"seed": 3}})
        {'name': 'a', 'fit': {'seed': 3, 'batch': 2}}
    """
    both = dict(base)
    for key, value in values.items():
        below = both.get(key)
        if isinstance(value, dict) and isinstance(below, dict):
            value = merged(below, value)  # noqa: PLW2901  the table with what it adds
        both[key] = value
    return both
