"""UTC as integer nanoseconds since 1970, read from and written as ISO 8601."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def utc_ns(text: str) -> int:
    """Read an ISO 8601 instant; one without an offset is UTC.

    Raises:
        ValueError: If ``text`` is not a date and time.

    Example:
        >>> utc_ns("1970-01-01T00:07:22Z")
        442000000000
        >>> utc_ns("2026-05-01T12:00:00.5+02:00") == utc_ns("2026-05-01T10:00:00.500")
        True
    """
    # Python 3.10 does not read "Z", and reads fractions of three or six digits only.
    head, dot, tail = text.strip().replace("Z", "+00:00").replace("z", "+00:00").partition(".")
    if dot:
        digits = len(tail) - len(tail.lstrip("0123456789"))
        head += f".{tail[:digits]:0<6.6}{tail[digits:]}"
    instant = datetime.fromisoformat(head)
    if instant.tzinfo is None:
        instant = instant.replace(tzinfo=timezone.utc)
    return (instant - _EPOCH) // timedelta(microseconds=1) * 1000


def to_datetime(time_ns: int) -> datetime:
    """Return the UTC datetime, rounded down to the microsecond."""
    return _EPOCH + timedelta(microseconds=time_ns // 1000)


def to_iso(time_ns: int) -> str:
    """Return ISO 8601 in UTC, rounded down to the millisecond.

    Example:
        >>> to_iso(1_500_999_999)
        '1970-01-01T00:00:01.500Z'
    """
    return to_datetime(time_ns).isoformat(timespec="milliseconds").replace("+00:00", "Z")
