"""Reads one RMC or GGA sentence of NMEA 0183 into SI units. The only user of pynmeagps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, time
from typing import TYPE_CHECKING

from pynmeagps import (  # type: ignore[import-untyped]
    VALNONE,
    NMEAParseError,
    NMEAReader,
    NMEATypeError,
    calc_checksum,
)

from edgecrack.positions.finite import within

if TYPE_CHECKING:
    from collections.abc import Mapping

TALKERS = frozenset({"GP", "GN", "GL", "GA", "GB"})
KINDS = ("RMC", "GGA")
KNOT_MPS = 1852 / 3600


@dataclass(frozen=True, slots=True)
class Reading:
    """The fields of one sentence; None where it has none.

    Attributes:
        kind: ``RMC`` or ``GGA``.
        time_of_day_ns: Since midnight UTC; None only where there is no place either.
        place_deg: Latitude and longitude; None when the receiver says that it has no fix.
        day: RMC only.
        alt_m: GGA only, above mean sea level.
        heading_deg: RMC only, 0 to 360.
        speed_mps: RMC only.
        hdop: GGA only.
    """

    kind: str
    time_of_day_ns: int | None
    place_deg: tuple[float, float] | None
    day: date | None
    alt_m: float | None
    heading_deg: float | None
    speed_mps: float | None
    hdop: float | None


def checksum(content: str) -> str:
    """Return the exclusive or of what stands between ``$`` and ``*``, one character a byte.

    >>> checksum("GPGLL,5300.97914,N,00259.98174,E,125926,A")
    '28'
    """
    return str(calc_checksum(content))


def is_position(content: str) -> bool:
    """Tell whether a sentence is an RMC or GGA of a satellite receiver.

    >>> is_position("GNRMC,,V,,,,,,,,,,N"), is_position("SDDPT,5.3,0.4,")
    (True, False)
    """
    header = content.partition(",")[0]
    return header[:2] in TALKERS and header[2:] in KINDS


def parse_sentence(content: str) -> Reading | None:
    """Read an RMC or GGA, given as what stands between its ``$`` and ``*``.

    Returns:
        None if it claims a fix but its time or place cannot be read.
    """
    try:
        message = NMEAReader.parse(f"${content}*00", validate=VALNONE)
    except (NMEAParseError, NMEATypeError):
        return None
    if message is None:
        return None
    fields: Mapping[str, object] = vars(message)
    kind = content[2:5]
    claims_fix = _claims_fix(kind, fields)
    time_of_day_ns = _time_of_day_ns(fields.get("time"))
    place_deg = _place_deg(fields) if claims_fix else None
    if claims_fix and (place_deg is None or time_of_day_ns is None):
        return None
    knots = within(fields.get("spd"), 0)
    return Reading(
        kind,
        time_of_day_ns,
        place_deg,
        day=_day(fields.get("date")),
        alt_m=within(fields.get("alt")),
        heading_deg=within(fields.get("cog"), 0, 360),
        speed_mps=None if knots is None else knots * KNOT_MPS,
        hdop=within(fields.get("HDOP"), 0),
    )


def _claims_fix(kind: str, fields: Mapping[str, object]) -> bool:
    if kind == "GGA":
        return fields.get("quality") not in {0, "", None}
    return fields.get("status") == "A" and fields.get("posMode") != "N"


def _time_of_day_ns(clock: object) -> int | None:
    if not isinstance(clock, time):
        return None
    seconds = clock.hour * 3600 + clock.minute * 60 + clock.second
    return (seconds * 1_000_000 + clock.microsecond) * 1000


def _day(day: object) -> date | None:
    """Put the two-digit years 80 to 99 into the 1900s, the others into the 2000s.

    Python, and so pynmeagps, draws that line at 69; GPS time began in 1980.
    """
    if not isinstance(day, date):
        return None
    return day if day.year >= 1980 else day.replace(year=day.year + 100)


def _place_deg(fields: Mapping[str, object]) -> tuple[float, float] | None:
    lat_deg, lon_deg = within(fields.get("lat"), -90, 90), within(fields.get("lon"), -180, 180)
    if lat_deg is None or lon_deg is None:
        return None
    known = fields.get("NS") in {"N", "S"} and fields.get("EW") in {"E", "W"}
    return (lat_deg, lon_deg) if known else None
