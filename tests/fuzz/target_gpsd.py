"""What gpsd sends, over minutes: `GpsdParser`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from edgecrack.positions.gpsd_parser import LONGEST_BYTES, SETTLE_S, GpsdParser
from edgecrack.synthetic.drive import DriveSpec, drive_fixes
from edgecrack.utc import to_iso
from tests.fuzz.target import Target
from tests.fuzz.target_nmea import check_fixes

if TYPE_CHECKING:
    from edgecrack.records import Fix

_LINE_S = 0.125
_MOST_DEVICES = 16


def check(data: bytes) -> tuple[object, ...]:
    """Hand it over line by line as time goes on, then the same in pieces, at the same times."""
    lines = data.splitlines(keepends=True)
    whole, fixes = _parsed([[line] for line in lines])
    assert whole.counts["fixes"] == len(fixes)
    check_fixes(fixes)
    if max(map(len, data.split(b"\n"))) <= LONGEST_BYTES:
        step = 1 + len(data) % 97
        pieces = [[line[at : at + step] for at in range(0, len(line), step)] for line in lines]
        cut, same = _parsed(pieces)
        assert same == fixes
        assert cut.counts == whole.counts
    return (whole.protocol is None, *(count > 0 for count in whole.counts.values()))


def _parsed(lines: list[list[bytes]]) -> tuple[GpsdParser, list[Fix]]:
    parser, fixes, now_s = GpsdParser(), [], 100.0
    for pieces in lines:
        for piece in [b"", *pieces]:  # as `GpsdReceiver` does: what time completes comes first
            fixes += parser.push(piece, now_s)
            assert len(parser._rest) <= LONGEST_BYTES  # noqa: SLF001  what is kept is bounded
            assert len(parser._hdops) <= _MOST_DEVICES  # noqa: SLF001
        now_s += _LINE_S
    return parser, fixes + parser.push(b"\n", now_s) + parser.push(b"", now_s + SETTLE_S)


def seeds() -> list[bytes]:
    """Return what gpsd reports of a short synthetic drive."""
    head: dict[str, object] = {"class": "VERSION", "release": "3.22", "proto_major": 3}
    reports = [head, {"class": "WATCH", "enable": True, "json": True}]
    for fix in drive_fixes(DriveSpec(seconds=1.0)):
        reports += [
            {"class": "SKY", "device": "/dev/ttyACM0", "hdop": fix.hdop, "satellites": []},
            {
                "class": "TPV", "device": "/dev/ttyACM0", "mode": 3, "time": to_iso(fix.time_ns),
                "lat": fix.lat_deg, "lon": fix.lon_deg, "altMSL": fix.alt_m,
                "track": fix.heading_deg, "speed": fix.speed_mps,
            },
        ]  # fmt: skip
    reports += [{"class": "TPV", "device": "/dev/ttyUSB1", "mode": 1}, {"class": "TPV", "mode": 2}]
    return [b"".join(json.dumps(report).encode() + b"\r\n" for report in reports)]


TARGET = Target(
    check,
    seeds,
    tokens=(
        *(b'{"class":"TPV",', b'{"class":"SKY",', b'{"class":"VERSION",', b'"mode":2', b'"mode":3'),
        *(b'"device":"/dev/ttyS1",', b'"time":"2026-06-01T09:00:00.5Z",', b'"lat":', b'"lon":'),
        *(b'"alt":', b'"altMSL":', b'"track":', b'"speed":', b'"hdop":', b"}\r\n", b"\r\n", b"\n"),
        *(
            b"[" * 2000,
            b'{"a":' * 2000,
            b'"\\ud800"',
            b"\\u0000",
            b"NaN",
            b"-Infinity",
            b"\xff\xfe",
        ),
        *(b"\xef\xbb\xbf", b"Z", b"+23:59", b"-24:00", b"0001-01-01", b"9999-12-31T23:59:60"),
    ),
    most_bytes=1 << 15,
)
