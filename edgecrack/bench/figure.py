"""A measured number as people read it: three digits, none that says nothing."""

from __future__ import annotations


def figure(value: float | None) -> str:
    """Return a number with as many decimals as its size makes sensible; a dash for None.

    Example:
        >>> [figure(value) for value in (1234.5, 123.4, 12.34, 1.234, 0.0, None)]
        ['1,234', '123', '12.3', '1.23', '0.00', '-']
    """
    if value is None:
        return "-"
    decimals = 0 if abs(value) >= 100 else 1 if abs(value) >= 10 else 2
    return f"{value:,.{decimals}f}"


def megabytes(value_bytes: float | None) -> str:
    """Return a size in MB (1,000,000 bytes); a dash for None.

    Example:
        >>> megabytes(512_000_000)
        '512'
    """
    return "-" if value_bytes is None else f"{value_bytes / 1e6:,.0f}"
