"""Check a number from a receiver: empty, NaN and out of bounds mean 'not known'."""

from __future__ import annotations

import math


def within(value: object, low: float = -math.inf, high: float = math.inf) -> float | None:
    """Return a finite number within bounds, inclusive, else None.

    >>> within(1.5), within(-1, 0), within(""), within(math.nan)
    (1.5, None, None, None)
    """
    if not isinstance(value, (int, float)) or not math.isfinite(value):
        return None
    return float(value) if low <= value <= high else None
