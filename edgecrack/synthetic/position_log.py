"""The drive's positions as a receiver logs them: NMEA 0183, RMC and GGA sentences."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from functools import reduce
from operator import xor
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.records import Fix

KNOT_MPS = 1852 / 3600
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def sentence(body: str) -> str:
    r"""Frame a body with ``$``, its checksum (the exclusive or of its bytes) and a line end.

    >>> sentence("GPGLL,4916.45,N,12311.12,W,225444,A,")
    '$GPGLL,4916.45,N,12311.12,W,225444,A,*1D\r\n'
    """
    return f"${body}*{reduce(xor, body.encode('ascii'), 0):02X}\r\n"


def nmea(fixes: Sequence[Fix]) -> str:
    """Return the log: an RMC and a GGA sentence for every fix.

    Args:
        fixes: Positions with altitude, course, speed and HDOP.
    """
    return "".join(sentence(_rmc(fix)) + sentence(_gga(fix)) for fix in fixes)


def _utc(fix: Fix) -> datetime:
    return _EPOCH + timedelta(microseconds=fix.time_ns // 1000)


def _angle(value_deg: float, digits: int, letters: str) -> str:
    """Return ``ddmm.mmmmm,N`` and the like."""
    ticks = round(abs(value_deg) * 60 * 100_000)
    whole, minutes = divmod(ticks, 60 * 100_000)
    letter = letters[0] if value_deg >= 0 else letters[1]
    return f"{whole:0{digits}d}{minutes / 100_000:08.5f},{letter}"


def _clock(fix: Fix) -> str:
    utc = _utc(fix)
    return f"{utc:%H%M%S}.{utc.microsecond // 1000:03d}"


def _place(fix: Fix) -> str:
    return f"{_angle(fix.lat_deg, 2, 'NS')},{_angle(fix.lon_deg, 3, 'EW')}"


def _rmc(fix: Fix) -> str:
    knots = (fix.speed_mps or 0.0) / KNOT_MPS
    course = fix.heading_deg or 0.0
    return f"GNRMC,{_clock(fix)},A,{_place(fix)},{knots:.3f},{course:.2f},{_utc(fix):%d%m%y},,,A"


def _gga(fix: Fix) -> str:
    return f"GNGGA,{_clock(fix)},{_place(fix)},1,14,{fix.hdop:.1f},{fix.alt_m:.1f},M,0.0,M,,"
