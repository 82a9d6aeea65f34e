"""A recorded track, GPX or NMEA, as a file: `read_positions`."""

from __future__ import annotations

import atexit
import shutil
import tempfile
from pathlib import Path

from edgecrack.errors import InputError
from edgecrack.positions import read_positions, track_of
from edgecrack.synthetic.drive import DriveSpec, drive_fixes
from edgecrack.utc import to_iso
from tests.fuzz.target import Target, told
from tests.fuzz.target_nmea import check_fixes

_FOLDER = Path(tempfile.mkdtemp(prefix="edgecrack-fuzz-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


def check(data: bytes) -> object:
    """Read it: fixes that are possible, or an `InputError` of one line."""
    path = _FOLDER / "track.gpx"
    path.write_bytes(data)
    try:
        log = read_positions(path)
        check_fixes(log.fixes)
        track_of(log)
    except InputError as error:
        return told(error, 66)[:40]
    return min(log.counts)


def seeds() -> list[bytes]:
    """Return the track of a short synthetic drive as GPX 1.0, and as 1.1 with extensions."""
    points = [
        f'<trkpt lat="{fix.lat_deg}" lon="{fix.lon_deg}"><ele>{fix.alt_m}</ele>'
        f"<time>{to_iso(fix.time_ns)}</time><course>{fix.heading_deg}</course>"
        f"<speed>{fix.speed_mps}</speed><hdop>{fix.hdop}</hdop></trkpt>"
        for fix in drive_fixes(DriveSpec(seconds=1.0))
    ]
    old = f"<gpx><trk><trkseg>{''.join(points)}</trkseg></trk></gpx>"
    inner = points[0].replace("<course>", "<extensions><t:x><t:course>")
    inner = inner.replace("</course>", "</t:course></t:x></extensions>")
    new = (
        '<?xml version="1.0" encoding="UTF-8"?>\n<gpx version="1.1" '
        'xmlns="http://www.topografix.com/GPX/1/1"><wpt lat="1" lon="2"/>'
        f'<rte><rtept lat="1" lon="2"><time>2026-06-01T09:00:00Z</time></rtept></rte>'
        f"<trk><trkseg>{inner}</trkseg></trk></gpx>"
    )
    return [old.encode(), new.encode(), new.replace("UTF-8", "UTF-16").encode("utf-16")]


TARGET = Target(
    check,
    seeds,
    tokens=(
        *(b"<trkpt ", b"</trkpt>", b"<time>", b"</time>", b"<ele>", b"<wpt/>", b"<gpx>", b"</gpx>"),
        *(b'lat="', b'lon="90.5"', b"<!DOCTYPE x>", b"<![CDATA[", b"]]>", b"<!--", b"-->", b"<a>"),
        *(b"&#x0;", b"&amp;", b"&x;", b"<?xml ", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"/>"),
        *(
            b"0001-01-01T00:00:00+23:59",
            b"9999-12-31T23:59:59-23:59",
            b"1_0",
            b"\xd9\xa3",
            b"<a>" * 70,
        ),
    ),
    most_bytes=1 << 14,
)
