"""A picture's size as it is typed: ``960x540``."""

from __future__ import annotations

from edgecrack.errors import UsageError
from edgecrack.manifest import MOST_PX


def size_of(text: str) -> tuple[int, int]:
    """Return width and height of an input, such as 960x540.

    Raises:
        UsageError: If it is written in another way, or too large.

    Example:
        >>> size_of("960x540")
        (960, 540)
    """
    sides = text.split("x")
    if len(sides) != 2 or not all(_is_side(side) for side in sides):
        raise UsageError(f"--size is written like 960x540, up to {MOST_PX} px, not '{text}'.")
    return int(sides[0]), int(sides[1])


def _is_side(text: str) -> bool:
    return text.isdecimal() and len(text) <= 4 and 1 <= int(text) <= MOST_PX
