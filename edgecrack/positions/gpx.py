"""GPX: the timed points of a recorded track. The only user of gpxpy.

A file is read whole, so its size is bounded. A DOCTYPE is refused, because no GPX needs one and
its entities can grow without bound; so is deep nesting, because copying such XML elements overflows
the C stack and crashes the process.
"""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError, ParserCreate

import gpxpy
from gpxpy.gpx import GPXException

from edgecrack.errors import InputError
from edgecrack.positions.finite import within
from edgecrack.records import Fix

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from gpxpy.gpx import GPX, GPXTrackPoint

MAX_BYTES = 32 << 20  # about 90 hours at one point a second
MAX_DEPTH = 64
_EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)


def read_gpx(path: Path) -> tuple[tuple[Fix, ...], Mapping[str, int]]:
    """Read the points of all tracks and segments; without any, those of routes, then waypoints.

    Returns:
        The fixes in the order of the file, and how many ``points`` there were and how many of
        them ``untimed``, hence skipped.

    Raises:
        InputError: The file is no GPX, too large, has no points, none of them timed, one that is
            earlier than the one before it, or one that is not on Earth.
        OSError: The file cannot be read.
    """
    points = _points(_parse(path))
    if not points:
        raise InputError(f"the track must hold points, but there are none in the GPX file {path}")
    fixes: list[Fix] = []
    for number, point in enumerate(points, start=1):
        if point.time is None:
            continue
        fix = _fix(path, number, point, point.time)
        if fixes and fix.time_ns < fixes[-1].time_ns:
            raise InputError(
                f"the points of {path} must be in the order of time, but point {number} "
                f"({point.time.isoformat()}) is earlier than the one before it: sort the file"
            )
        fixes.append(fix)
    if not fixes:
        raise InputError(
            f"the points of a track must have times, but none of the {len(points)} points of "
            f"{path} has one: export it with times"
        )
    return tuple(fixes), {"points": len(points), "untimed": len(points) - len(fixes)}


def _parse(path: Path) -> GPX:
    with path.open("rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise InputError(
            f"a GPX file may have at most {MAX_BYTES} bytes, but {path} has more: split it"
        )
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"a GPX file must be UTF-8, but {path} is not: {error.reason}") from error
    try:
        _refuse_unsafe_xml(text, path)
        return gpxpy.parse(text)
    except (GPXException, ExpatError) as error:
        raise InputError(f"the track {path} must be GPX, but it is not: {error}") from error


def _refuse_unsafe_xml(text: str, path: Path) -> None:
    """Parse the XML once without building anything; refuse a DOCTYPE and deep nesting."""
    depth = 0

    def open_element(_name: str, _attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > MAX_DEPTH:
            raise InputError(
                f"a GPX file nests at most {MAX_DEPTH} elements, but {path} nests more"
            )

    def close_element(_name: str) -> None:
        nonlocal depth
        depth -= 1

    def refuse_doctype(*_declaration: object) -> None:
        raise InputError(f"a GPX file needs no DOCTYPE, but {path} has one: remove it")

    parser = ParserCreate()
    parser.StartElementHandler = open_element
    parser.EndElementHandler = close_element
    parser.StartDoctypeDeclHandler = refuse_doctype
    parser.Parse(text, True)  # noqa: FBT003  # expat takes it by place only


def _points(gpx: GPX) -> list[GPXTrackPoint]:
    """Return the points of the one kind that recorders use; the others mark places of interest."""
    tracks = [point for track in gpx.tracks for part in track.segments for point in part.points]
    routes = [point for route in gpx.routes for point in route.points]
    return tracks or routes or gpx.waypoints  # type: ignore[return-value]  # same attributes


def _fix(path: Path, number: int, point: GPXTrackPoint, time: datetime) -> Fix:
    try:
        return Fix(
            _utc_ns(time),
            point.latitude,
            point.longitude,
            alt_m=within(point.elevation),
            heading_deg=within(_field(point, "course"), 0, 360),
            speed_mps=within(_field(point, "speed"), 0),
            hdop=within(point.horizontal_dilution, 0),
        )
    except ValueError as error:
        raise InputError(f"point {number} of {path} cannot be used: {error}") from error


def _field(point: GPXTrackPoint, name: str) -> float | None:
    """Return a field that GPX 1.0 has itself, and 1.1 only in extensions, in the same units.

    Garmin's TrackPointExtension 2 and OsmAnd both use m/s and degrees from true north.
    """
    for extension in point.extensions:
        for element in extension.iter():
            if isinstance(element.tag, str) and element.tag.rpartition("}")[2] == name:
                try:
                    return float(element.text or "")
                except ValueError:
                    return None
    value: float | None = getattr(point, name, None)  # points of routes have no such field
    return value


def _utc_ns(time: datetime) -> int:
    """Return nanoseconds since 1970; a time without zone is UTC, as GPX demands."""
    aware = time if time.tzinfo else time.replace(tzinfo=timezone.utc)
    return (aware - _EPOCH) // timedelta(microseconds=1) * 1000
