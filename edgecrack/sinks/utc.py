"""Integer nanoseconds as the calendar a person reads."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def to_datetime(time_ns: int) -> datetime:
    """Return UTC, cut (never rounded up) to the microsecond."""
    return _EPOCH + timedelta(microseconds=time_ns // 1000)


def to_iso(time_ns: int) -> str:
    """Return UTC cut to the millisecond.

    Example:
        >>> to_iso(1_500_999_999)
        '1970-01-01T00:00:01.500Z'
    """
    return to_datetime(time_ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")
