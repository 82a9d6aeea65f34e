"""NMEA 0183 as a receiver or a log gives it: `NmeaParser`, and the track of its fixes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from edgecrack.positions.nmea import NmeaParser
from edgecrack.positions.track import Track
from edgecrack.synthetic.drive import DriveSpec, drive_fixes
from edgecrack.synthetic.position_log import nmea, sentence
from tests.fuzz.target import Target

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.records import Fix

_YEARS_NS = 3_000 * 365 * 86_400 * 10**9
_LONGEST_BYTES = 1024
_CONTENT = re.compile(rb"\$([^$*\r\n]*)(?:\*[^\r\n]{0,2})?")


def check(data: bytes) -> tuple[object, ...]:
    """Parse it whole and in pieces: nothing is raised, and the fixes are the same and possible."""
    parser = NmeaParser()
    fixes = parser.push(data) + parser.finish()
    assert parser.counts["fixes"] == len(fixes)
    assert min(parser.counts.values()) >= 0
    check_fixes(fixes)
    if max(map(len, re.split(rb"[\r\n]", data))) <= _LONGEST_BYTES:
        cut, step = NmeaParser(), 1 + len(data) % 61
        pieces = [data[at : at + step] for at in range(0, len(data), step)]
        assert [fix for piece in pieces for fix in cut.push(piece)] + cut.finish() == fixes
        assert cut.counts == parser.counts
    return tuple(count > 0 for count in parser.counts.values())


def check_fixes(fixes: Sequence[Fix]) -> None:
    """Hold what fixes promise against them, and make a track of them, whose times rise."""
    for fix in fixes:
        assert abs(fix.lat_deg) <= 90
        assert abs(fix.lon_deg) <= 180
        assert abs(fix.time_ns) < _YEARS_NS
        assert fix.heading_deg is None or 0 <= fix.heading_deg <= 360
        assert fix.speed_mps is None or 0 <= fix.speed_mps < float("inf")
        assert fix.hdop is None or fix.hdop >= 0
    track = Track()
    for fix in fixes:
        if track.add(fix):
            assert track.at(fix.time_ns).pose is not None
    times_ns = list(track._times_ns)  # noqa: SLF001  what is looked up in needs an order
    assert times_ns == sorted(set(times_ns))


def mend(data: bytes) -> bytes:
    """Give every sentence its right checksum."""

    def checked(match: re.Match[bytes]) -> bytes:
        value = 0
        for byte in match[1]:
            value ^= byte
        return b"$%b*%02X" % (match[1], value)

    return _CONTENT.sub(checked, data)


def seeds() -> list[bytes]:
    """Return a short synthetic drive, and what receivers say without a fix or a date."""
    drive = nmea(drive_fixes(DriveSpec(seconds=1.0))).encode()
    others = (
        "GPRMC,,V,,,,,,,,,,N",
        "GNGGA,,,,,,0,00,99.99,,,,,,",
        "GNRMC,235959.90,A,0000.0000,S,17959.9999,W,0.0,,311299,,,A",
        "GNGGA,000000.10,8959.9999,N,00000.0000,E,4,12,0.5,-12.5,M,0,M,,",
        "GPGSV,1,1,00",
    )
    return [drive, "".join(map(sentence, others)).encode()]


TARGET = Target(
    check,
    seeds,
    tokens=(
        *(b"$GPRMC,", b"$GNGGA,", b"$GARMC,", b",A,", b",V,", b",N,", b",S,", b",E,", b",W,"),
        *(b"\r\n", b"*", b"$", b",,,", b"#", b"010180", b"290200", b"235959.999", b"000000", b"."),
        *(b"8959.9999", b"9000.00", b"9000.01", b"17959.9999", b"18000.00", b"\xb2", b"\0"),
    ),
    mend=mend,
    most_bytes=1 << 13,
)
