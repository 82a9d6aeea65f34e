"""COCO's text of run lengths: numbers of 5 bits a character, later ones as differences.

The low 5 bits of a character, less 48, are digits, the lowest first; its bit 5 says that more
follow, and bit 4 of the last one is the sign. From the fourth number on it is the difference to the
number before the one before it.
"""

from __future__ import annotations


def decode_counts(text: str) -> list[int]:
    """Return the run lengths that a text holds.

    Raises:
        ValueError: If it has another character, or ends within a number.

    Example:
        >>> decode_counts("52203")
        [5, 2, 2, 2, 5]
    """
    counts: list[int] = []
    value = shift = 0
    for code in text.encode():
        digit = code - 48
        if not 0 <= digit < 64 or shift > 60:
            raise ValueError("has runs in a text that is not COCO's")
        value |= (digit & 31) << shift
        shift += 5
        if digit & 32:
            continue
        if digit & 16:
            value -= 1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
        value = shift = 0
    if shift:
        raise ValueError("has runs in a text that ends within a number")
    return counts
