"""NMEA 0183: bytes in, damaged or not; one fix for each instant out.

RMC gives time, date, place, speed and course; GGA gives height and HDOP. Both of one instant make
one fix, returned as soon as both have arrived, else when the next instant begins. Whatever is not a
sentence with a right checksum is skipped and counted.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType
from typing import TYPE_CHECKING

from edgecrack.clock import Arrival
from edgecrack.errors import InputError
from edgecrack.positions.fix_list import FixList
from edgecrack.positions.sentence import KINDS, Reading, checksum, is_position, parse_sentence
from edgecrack.records import Fix

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

DAY_NS = 86_400_000_000_000

_SENTENCE = re.compile(rb"([^*]*)\*([0-9A-Fa-f]{2})")
_LONGEST_BYTES = 1024  # far more than any sentence: what is longer is another protocol
_CHUNK_BYTES = 1 << 16
_SEARCH_BYTES = 1 << 22  # a file without a sentence in its first 4 MiB is not NMEA
_COUNTED = (
    "sentences",
    "bad_checksum",
    "no_checksum",
    "not_nmea",
    "malformed",
    "no_fix",
    "undated",
    "fixes",
)
_DAY_ZERO = date(1970, 1, 1).toordinal()


@dataclass(slots=True)
class _Instant:
    """The readings of one instant, the first of each kind."""

    time_of_day_ns: int
    readings: dict[str, Reading] = field(default_factory=dict)
    closed: bool = False
    heard_ns: int | None = None  # when the first of them was, by the monotonic clock

    def includes(self, reading: Reading) -> bool:
        """Tell whether the reading is of this instant, and not of the same time another day."""
        if reading.time_of_day_ns != self.time_of_day_ns:
            return False
        rmc = self.readings.get("RMC")
        return rmc is None or reading.day in {None, rmc.day}


class NmeaParser:
    """Turns a stream of bytes, cut anywhere, into fixes.

    The keys of ``counts``: ``sentences`` (with a right checksum, of any kind), ``bad_checksum``,
    ``no_checksum``, ``not_nmea`` (lines, or what stands before a sentence in its line),
    ``malformed`` (RMC or GGA with an unreadable time or place), ``no_fix`` (RMC or GGA that say
    so), ``undated`` (instants before the first date) and ``fixes``.

    Args:
        on_time: Told the time of each 3D fix, and when its first sentence was heard.
    """

    def __init__(self, on_time: Callable[[Arrival], None] = lambda _heard: None) -> None:
        self._on_time = on_time
        self._heard_ns: int | None = None
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._rest = b""
        self._instant: _Instant | None = None
        self._last_ns: int | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        """What was read and what was skipped so far."""
        return MappingProxyType(self._counts)

    def push(self, data: bytes, heard_ns: int | None = None) -> list[Fix]:
        """Take the next bytes and return the fixes that they complete.

        Args:
            data: What came, perhaps nothing.
            heard_ns: When, by the monotonic clock; None for a recorded log.
        """
        self._heard_ns = heard_ns
        *lines, rest = (self._rest + data).replace(b"\r", b"\n").split(b"\n")
        if len(rest) > _LONGEST_BYTES:
            self._counts["not_nmea"] += 1
            rest = rest[-_LONGEST_BYTES:]  # the start of a sentence may be in it
        self._rest = rest
        return [fix for line in lines if line for fix in self._read_line(line.strip())]

    def finish(self) -> list[Fix]:
        """Return the fixes that the end of the stream completes."""
        return self.push(b"\n") + self._close()

    def _read_line(self, line: bytes) -> list[Fix]:
        """Read the last sentence of a line: a logger's time or noise may stand before it."""
        before, dollar, sentence = line.rpartition(b"$")
        if line.startswith(b"#") or not dollar:
            self._counts["not_nmea"] += bool(line)
            return []
        self._counts["not_nmea"] += bool(before)
        match = _SENTENCE.fullmatch(sentence)
        if match is None:
            self._counts["no_checksum"] += 1
            return []
        content = match[1].decode("latin-1")  # one character a byte, as the checksum wants it
        if checksum(content) != match[2].decode().upper():
            self._counts["bad_checksum"] += 1
            return []
        self._counts["sentences"] += 1
        return self._read_sentence(content) if is_position(content) else []

    def _read_sentence(self, content: str) -> list[Fix]:
        reading = parse_sentence(content)
        if reading is None:
            self._counts["malformed"] += 1
            return []
        if reading.place_deg is None:
            self._counts["no_fix"] += 1
        return (
            [] if reading.time_of_day_ns is None else self._merge(reading, reading.time_of_day_ns)
        )

    def _merge(self, reading: Reading, time_of_day_ns: int) -> list[Fix]:
        fixes: list[Fix] = []
        if self._instant is None or not self._instant.includes(reading):
            fixes = self._close()
            self._instant = _Instant(time_of_day_ns, heard_ns=self._heard_ns)
        self._instant.readings.setdefault(reading.kind, reading)
        return fixes + self._close() if len(self._instant.readings) == len(KINDS) else fixes

    def _close(self) -> list[Fix]:
        """Return the fix of this instant, once, if each of its sentences has a place."""
        instant = self._instant
        if instant is None or instant.closed:
            return []
        instant.closed = True
        rmc, gga = (instant.readings.get(kind) for kind in KINDS)
        # RMC first: its place is taken where the two differ.
        places_deg = [reading.place_deg for reading in (rmc, gga) if reading is not None]
        if not places_deg or places_deg[0] is None or places_deg[-1] is None:
            return []
        time_ns = self._utc_ns(instant.time_of_day_ns, rmc.day if rmc else None)
        if time_ns is None:
            self._counts["undated"] += 1
            return []
        self._last_ns = time_ns
        self._counts["fixes"] += 1
        if gga is not None and gga.is_3d and instant.heard_ns is not None:
            self._on_time(Arrival(time_ns, instant.heard_ns))
        return [
            Fix(
                time_ns,
                *places_deg[0],
                alt_m=gga.alt_m if gga else None,
                heading_deg=rmc.heading_deg if rmc else None,
                speed_mps=rmc.speed_mps if rmc else None,
                hdop=gga.hdop if gga else None,
            )
        ]

    def _utc_ns(self, time_of_day_ns: int, day: date | None) -> int | None:
        """Date an instant by its RMC, else so that it is nearest to the last fix."""
        if day is not None:
            return (day.toordinal() - _DAY_ZERO) * DAY_NS + time_of_day_ns
        if self._last_ns is None:
            return None
        later_ns = (time_of_day_ns - self._last_ns) % DAY_NS
        return self._last_ns + (later_ns if later_ns <= DAY_NS // 2 else later_ns - DAY_NS)


def read_nmea(
    path: Path, on_progress: Callable[[float], None]
) -> tuple[Sequence[Fix], Mapping[str, int]]:
    """Read a recorded log.

    Args:
        path: The file.
        on_progress: Told the share of it that has been read.

    Returns:
        The fixes in the order of the file, and ``NmeaParser.counts``.

    Raises:
        InputError: No sentence gave a position.
        OSError: The file cannot be read.
    """
    parser = NmeaParser()
    fixes = FixList()
    with path.open("rb") as file:
        size_bytes = os.fstat(file.fileno()).st_size
        while data := file.read(_CHUNK_BYTES):
            for fix in parser.push(data):
                fixes.append(fix)
            on_progress(min(1.0, file.tell() / max(1, size_bytes)))
            if not parser.counts["sentences"] and file.tell() >= _SEARCH_BYTES:
                break
    for fix in parser.finish():
        fixes.append(fix)
    if not fixes:
        raise InputError(_no_position(path, parser.counts))
    return fixes, parser.counts


def _no_position(path: Path, counts: Mapping[str, int]) -> str:
    if not counts["sentences"] and not counts["bad_checksum"]:
        return f"the track must be GPX or NMEA 0183, but no NMEA sentence was found in {path}"
    return (
        f"the track {path} must hold a position, but of {counts['sentences']} NMEA sentences read "
        f"none gave one: {counts['no_fix']} say there is no fix, {counts['undated']} instants have "
        f"no date (that needs RMC), {counts['malformed']} are malformed, and "
        f"{counts['bad_checksum']} more have a wrong checksum; record RMC and GGA under open sky"
    )
