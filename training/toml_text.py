"""A configuration as TOML: every key with its value."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def toml_text(values: Mapping[str, Any]) -> str:
    """Return a document of tables, lists, texts, numbers and booleans as TOML.

    A key whose value is None or an empty table is left out: TOML has no None.

    Example:
        >>> print(toml_text({"name": "a", "fit": {"seed": 0}, "data": [{"scale": 0.5}]}), end="")
        name = "a"
        <BLANKLINE>
        [fit]
        seed = 0
        <BLANKLINE>
        [[data]]
        scale = 0.5
    """
    return "\n".join(_lines("", values)) + "\n"


def _lines(table: str, values: Mapping[str, Any]) -> Iterator[str]:
    given = {key: value for key, value in values.items() if value not in (None, {})}
    inner = {key: value for key, value in given.items() if _has_tables(value)}
    for key, value in given.items():
        if key not in inner:
            yield f"{key} = {_value(value)}"
    for key, value in inner.items():
        name = f"{table}{key}"
        tables = value if isinstance(value, list) else [value]
        for one in tables:
            yield ""
            yield f"[[{name}]]" if isinstance(value, list) else f"[{name}]"
            yield from _lines(f"{name}.", one)


def _has_tables(value: object) -> bool:
    first = value[0] if isinstance(value, list) and value else value
    return isinstance(first, dict)


def _value(value: object) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_value, value))}]"
    # JSON writes texts, numbers and booleans as TOML does; a delete character only TOML escapes.
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
