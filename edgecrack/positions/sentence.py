"""Reads one RMC or GGA sentence of NMEA 0183 into SI units, field by field.

A field that is empty is not known; one that breaks the standard makes the sentence unreadable: a
minute of arc or of time ends below 60, and nothing is guessed of a sentence that says otherwise.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import xor

from edgecrack.positions.finite import within

TALKERS = frozenset({"GP", "GN", "GL", "GA", "GB"})
KINDS = ("RMC", "GGA")
KNOT_MPS = 1852 / 3600

_NUMBER = re.compile(r"-?(?:[0-9]+\.?[0-9]*|\.[0-9]+)")
_CLOCK = re.compile(r"([01][0-9]|2[0-3])([0-5][0-9])([0-5][0-9])(?:\.([0-9]*))?")
_DAY = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{2})")
_ANGLE = re.compile(r"([0-9]{1,3})([0-5][0-9](?:\.[0-9]*)?)")  # degrees, and minutes below 60
_MOST_FIELDS = 15
_BY_SATELLITES = {1.0, 2.0, 3.0, 4.0, 5.0}  # and not by dead reckoning, by hand, or simulated
_FOR_3D = 4


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
        is_3d: GGA only: whether at least four satellites told the place, and the time with it.
    """

    kind: str
    time_of_day_ns: int | None
    place_deg: tuple[float, float] | None
    day: date | None = None
    alt_m: float | None = None
    heading_deg: float | None = None
    speed_mps: float | None = None
    hdop: float | None = None
    is_3d: bool = False


def checksum(content: str) -> str:
    """Return the exclusive or of what stands between ``$`` and ``*``, one character a byte.

    >>> checksum("GPGLL,5300.97914,N,00259.98174,E,125926,A")
    '28'
    """
    return f"{reduce(xor, content.encode('latin-1'), 0):02X}"


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
        None if it claims a fix but its time or place cannot be read, or if any field it is read
        for breaks the standard.
    """
    header, *fields = content.split(",")
    fields += [""] * (_MOST_FIELDS - len(fields))
    try:
        reading, claims_fix = _rmc(fields) if header[2:] == "RMC" else _gga(fields)
    except ValueError:
        return None
    lacks = reading.place_deg is None or reading.time_of_day_ns is None
    return None if claims_fix and lacks else reading


def _rmc(fields: list[str]) -> tuple[Reading, bool]:
    claims_fix = fields[1] == "A" and fields[11] != "N"
    knots = within(_number(fields[6]), 0)
    reading = Reading(
        "RMC",
        _time_of_day_ns(fields[0]),
        _place_deg(*fields[2:6]) if claims_fix else None,
        day=_day(fields[8]),
        heading_deg=within(_number(fields[7]), 0, 360),
        speed_mps=None if knots is None else knots * KNOT_MPS,
    )
    return reading, claims_fix


def _gga(fields: list[str]) -> tuple[Reading, bool]:
    quality, satellites = _number(fields[5]), within(_number(fields[6])) or 0.0
    claims_fix = quality not in {0, None}
    reading = Reading(
        "GGA",
        _time_of_day_ns(fields[0]),
        _place_deg(*fields[1:5]) if claims_fix else None,
        alt_m=within(_number(fields[8])),
        hdop=within(_number(fields[7]), 0),
        is_3d=quality in _BY_SATELLITES and satellites >= _FOR_3D,
    )
    return reading, claims_fix


def _number(text: str) -> float | None:
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _time_of_day_ns(text: str) -> int | None:
    if not text:
        return None
    match = _CLOCK.fullmatch(text)
    if match is None:
        raise ValueError(text)
    seconds = int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])
    return seconds * 1_000_000_000 + int((match[4] or "")[:6].ljust(6, "0")) * 1000


def _day(text: str) -> date | None:
    """Put the two-digit years 80 to 99 into the 1900s, the others into the 2000s.

    GPS time began in 1980.
    """
    if not text:
        return None
    match = _DAY.fullmatch(text)
    if match is None:
        raise ValueError(text)
    year = int(match[3])
    return date(year + (1900 if year >= 80 else 2000), int(match[2]), int(match[1]))


def _place_deg(lat: str, north: str, lon: str, east: str) -> tuple[float, float] | None:
    lat_deg, lon_deg = _angle_deg(lat, north, "NS", 90), _angle_deg(lon, east, "EW", 180)
    return None if lat_deg is None or lon_deg is None else (lat_deg, lon_deg)


def _angle_deg(text: str, side: str, sides: str, most_deg: float) -> float | None:
    """Return an angle written as degrees and minutes; negative on the second of the sides."""
    match = _ANGLE.fullmatch(text)
    if match is None or side not in {*sides}:
        return None
    angle_deg = int(match[1]) + float(match[2]) / 60
    if angle_deg > most_deg:
        return None
    return angle_deg if side == sides[0] else -angle_deg
