"""JSON values without what tells whose machine this is."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import Any

from edgecrack.redaction import redact


def own_names() -> dict[str, str]:
    """Return what must not leave this machine, and what stands in its place."""
    names = {str(Path.home()): "~"} if Path.home() != Path("/") else {}
    return {**names, socket.gethostname(): "(this machine)"}


def hidden(values: Any, names: dict[str, str]) -> Any:  # noqa: ANN401  JSON values
    """Return JSON values in which no text holds one of the names or the secrets of an address.

    Args:
        values: Anything that JSON can hold.
        names: Name -> what stands in its place; only whole words are taken for one. Keys are our
            own words, and stay: a machine may be called like one of them.

    Example:
        >>> hidden({"why": ["no /home/ann/lib.so on van7"]}, {"/home/ann": "~", "van7": "(it)"})
        {'why': ['no ~/lib.so on (it)']}
    """
    if isinstance(values, dict):
        return {key: hidden(value, names) for key, value in values.items()}
    if isinstance(values, (list, tuple)):
        return [hidden(value, names) for value in values]
    if not isinstance(values, str):
        return values
    text = redact(values)
    for name, shown in names.items():
        text = shown.join(re.split(rf"(?<!\w){re.escape(name)}(?!\w)", text))
    return text
