"""GPX: the timed points of a recorded track, read piece by piece as the file goes by.

A DOCTYPE is refused, because no GPX needs one and its entities can grow without bound; so is deep
nesting.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from xml.parsers.expat import ExpatError, ParserCreate

from edgecrack.errors import InputError
from edgecrack.positions.finite import within
from edgecrack.positions.fix_list import FixList
from edgecrack.records import Fix
from edgecrack.utc import utc_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

MAX_DEPTH = 64
_CHUNK_BYTES = 1 << 16
_YEAR_2100_NS = 4_102_444_800 * 10**9
_LONGEST_TEXT = 100  # characters of a number or a time
# Recorders use one kind of point; the others mark places of interest. In the order of preference.
_KINDS = ("trkpt", "rtept", "wpt")
_OWN_FIELDS = {"time", "ele", "hdop"}
# GPX 1.0 has these itself, 1.1 only in extensions, at any depth and in the same units: Garmin's
# TrackPointExtension 2 and OsmAnd both use m/s and degrees from true north.
_FIELDS = _OWN_FIELDS | {"speed", "course"}


def read_gpx(
    path: Path, on_progress: Callable[[float], None]
) -> tuple[Sequence[Fix], Mapping[str, int]]:
    """Read the points of all tracks and segments; without any, those of routes, then waypoints.

    Args:
        path: The file.
        on_progress: Told the share of it that has been read.

    Returns:
        The fixes in the order of the file, and how many ``points`` there were and how many of
        them ``untimed``, hence skipped.

    Raises:
        InputError: The file is no GPX, has no points, none of them timed, one that is earlier than
            the one before it, or one that is not on Earth or not of 1970 to 2099.
        OSError: The file cannot be read.
    """
    reader = _Reader(path)
    try:
        with path.open("rb") as file:
            size_bytes = max(1, os.fstat(file.fileno()).st_size)
            while data := file.read(_CHUNK_BYTES):
                reader.push(data, is_last=False)
                on_progress(min(1.0, file.tell() / size_bytes))
        reader.push(b"", is_last=True)
    except ExpatError as error:
        raise InputError(
            f"the track {path} must be GPX in UTF-8 or UTF-16, but is not: {error}"
        ) from error
    points = next((points for points in reader.points.values() if points.count), None)
    if points is None:
        raise InputError(f"the track must hold points, but there are none in the GPX file {path}")
    if points.problem:
        raise InputError(f"the points of {path} cannot be used: {points.problem}")
    if not points.fixes:
        raise InputError(
            f"the points of a track must have times, but none of the {points.count} points of "
            f"{path} has one: export it with times"
        )
    return points.fixes, {"points": points.count, "untimed": points.count - len(points.fixes)}


@dataclass(slots=True)
class _Points:
    """The points of one kind, and what is wrong with the first that is wrong."""

    count: int = 0
    fixes: FixList = field(default_factory=FixList)
    problem: str = ""

    def add(self, attributes: Mapping[str, str], texts: Mapping[str, str]) -> None:
        """Add a point."""
        self.count += 1
        time = texts.get("time", "")
        if self.problem or not time:
            return
        try:
            fix = _fix(time, attributes, texts)
        except ValueError as error:
            self.problem = f"point {self.count} ({time}): {error}"
            return
        if self.fixes and fix.time_ns < self.fixes.times_ns[-1]:
            self.problem = (
                f"they must be in the order of time, but point {self.count} ({time}) is earlier "
                "than the one before it: sort the file"
            )
            return
        self.fixes.append(fix)


class _Reader:
    """Walks through the elements, and keeps the texts of the point that it is in."""

    def __init__(self, path: Path) -> None:
        self.points = {kind: _Points() for kind in _KINDS}
        self._path, self._depth, self._point_depth = path, 0, 0
        self._attributes: dict[str, str] = {}
        self._texts: dict[str, str] = {}
        self._field = ""
        self._parser = ParserCreate("utf-8")
        self._parser.buffer_text = True
        self._parser.StartElementHandler = self._open
        self._parser.EndElementHandler = self._close
        self._parser.CharacterDataHandler = self._read_text
        self._parser.StartDoctypeDeclHandler = self._refuse_doctype

    def push(self, data: bytes, *, is_last: bool) -> None:
        self._parser.Parse(data, is_last)

    def _open(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        if self._depth > MAX_DEPTH:
            raise InputError(
                f"a GPX file nests at most {MAX_DEPTH} elements, but {self._path} nests more"
            )
        local = name.rpartition(":")[2]
        if self._depth == 1 and local != "gpx":
            raise InputError(f"the track {self._path} must be GPX, but is a file of <{local}>")
        if not self._point_depth and local in self.points:
            self._point_depth, self._attributes, self._texts = self._depth, attributes, {}
        is_own = self._depth == self._point_depth + 1 or local not in _OWN_FIELDS
        is_field = self._point_depth and local in _FIELDS and is_own
        self._field = local if is_field and local not in self._texts else ""

    def _close(self, name: str) -> None:
        if self._depth == self._point_depth:
            texts = {key: text.strip() for key, text in self._texts.items()}
            self.points[name.rpartition(":")[2]].add(self._attributes, texts)
            self._point_depth = 0
        self._depth -= 1
        self._field = ""

    def _read_text(self, text: str) -> None:
        if self._field:
            self._texts[self._field] = (self._texts.get(self._field, "") + text)[:_LONGEST_TEXT]

    def _refuse_doctype(self, *_declaration: object) -> None:
        raise InputError(f"a GPX file needs no DOCTYPE, but {self._path} has one: remove it")


def _fix(time: str, attributes: Mapping[str, str], texts: Mapping[str, str]) -> Fix:
    time_ns = utc_ns(time)
    if not 0 <= time_ns < _YEAR_2100_NS:
        raise ValueError("a time must be of 1970 to 2099")
    lat_deg, lon_deg = _number(attributes.get("lat")), _number(attributes.get("lon"))
    if lat_deg is None or lon_deg is None:
        raise ValueError("lat and lon must be numbers")
    return Fix(
        time_ns,
        lat_deg,
        lon_deg,
        alt_m=_number(texts.get("ele")),
        heading_deg=within(_number(texts.get("course")), 0, 360),
        speed_mps=within(_number(texts.get("speed")), 0),
        hdop=within(_number(texts.get("hdop")), 0),
    )


def _number(text: str | None) -> float | None:
    try:
        return within(float(text or ""))
    except ValueError:
        return None
