"""What gpsd sends: JSON of protocol 3, a report a line, damaged or not; one fix for each epoch out.

``TPV`` gives time, place, speed and course, ``SKY`` the HDOP and the satellites; ``PPS`` and
``TOFF`` compare the receiver's time with this machine's: see gpsd_json(5). A receiver may report
one epoch several times, each time more of it: that is one fix, returned as soon as nothing can be
missing, else when the next epoch begins or a moment later. Whatever is no report is skipped and
counted.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from edgecrack.clock import Arrival, Comparison
from edgecrack.positions.finite import within
from edgecrack.records import Fix
from edgecrack.utc import utc_ns

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LONGEST_BYTES = 1 << 14
"""Longest line that is read: gpsd's own bound is 10240 bytes."""

SETTLE_S = 0.5
"""How long an epoch that lacks something is waited for: receivers send it in one burst, which at
9600 baud takes most of this."""

SILENT_S = 3.0
"""A receiver without a fix for so long gives way to another one."""

HDOP_S = 10.0
"""An older HDOP says nothing of now."""

_MOST_DEVICES = 16
_NO_FIX, _2D, _3D = 1, 2, 3
_COUNTED = (
    *("reports", "garbage", "no_fix", "malformed", "merged", "other_receiver", "fixes"),
    *("pps", "toff"),
)
_FIRST_NS, _LAST_NS = utc_ns("1980-01-06T00:00:00Z"), utc_ns("2100-01-01T00:00:00Z")
_BOUNDS = {  # key of TPV -> least and greatest value; what is older than `altMSL` has `alt`
    "lat": (-90.0, 90.0),
    "lon": (-180.0, 180.0),
    "alt": (-10_000.0, 100_000.0),
    "altMSL": (-10_000.0, 100_000.0),
    "track": (0.0, 360.0),
    "speed": (0.0, 10_000.0),
}


@dataclass(slots=True)
class _Epoch:
    """One instant of one receiver, as far as it was reported."""

    device: str
    time_ns: int
    since_s: float
    mode: int = _2D
    values: dict[str, float] = field(default_factory=dict)
    closed: bool = False

    @property
    def is_complete(self) -> bool:
        """Whether no later report could add anything.

        After a GGA, gpsd reports a speed that it has worked out itself, and no course; after the
        RMC both are the receiver's.
        """
        wanted = {"lat", "lon", "speed", "track"}
        return wanted <= self.values.keys() and (self.mode < _3D or self.alt_m is not None)

    @property
    def alt_m(self) -> float | None:
        """Height above mean sea level; a 2D fix has none."""
        height_m = self.values.get("altMSL", self.values.get("alt"))
        return height_m if self.mode >= _3D else None


class GpsdParser:
    """Turns a stream of bytes, cut anywhere, into the fixes of one receiver.

    Of several receivers the first with a 3D fix is listened to (until then the first with any),
    for as long as it has fixes: after ``SILENT_S`` without one, the next that has one takes over.

    The keys of ``counts``: ``reports`` (JSON objects, of any class), ``garbage`` (lines that are
    none, or too long), ``no_fix`` (TPVs that say so), ``malformed`` (TPVs with a fix whose time or
    place cannot be read), ``merged`` (further TPVs of an epoch), ``other_receiver`` (TPVs of those
    that are not listened to), ``fixes``, and ``pps`` and ``toff`` (those that can be read).

    Args:
        on_time: Told the time of each 3D fix and of each pulse, and when it was heard.

    Attributes:
        protocol: Major version of the protocol; None until gpsd has said it.
    """

    def __init__(
        self, on_time: Callable[[Arrival | Comparison], None] = lambda _heard: None
    ) -> None:
        self._on_time = on_time
        self.protocol: int | None = None
        self._counts = dict.fromkeys(_COUNTED, 0)
        self._rest = b""
        self._is_too_long = False  # the line that `rest` belongs to
        self._epoch: _Epoch | None = None
        self._hdops: dict[str, tuple[float, float]] = {}  # device -> HDOP, and when it came
        self._device: str | None = None  # the one that is listened to
        self._has_3d = False
        self._fix_s = 0.0  # when it last had a fix
        self._satellites: tuple[int, int] | None = None  # used and seen, by the last SKY
        self._has_receiver = False

    @property
    def counts(self) -> Mapping[str, int]:
        """What was read and what was skipped so far."""
        return MappingProxyType(self._counts)

    def lack(self) -> str:
        """Say why there is no fix, by what gpsd last said of the satellites."""
        if not self._has_receiver:
            return "gpsd hears no receiver: plug it in, or name it in DEVICES of gpsd"
        if self._satellites is None:
            return "the receiver does not know where it is; see to its antenna"
        used, seen = self._satellites
        return f"{used} of {seen} satellites are used; see to its antenna"

    def push(self, data: bytes, now_s: float) -> list[Fix]:
        """Take the next bytes and return the fixes that they, or the time, complete.

        Args:
            data: What arrived, perhaps nothing.
            now_s: When, in monotonic seconds.
        """
        *lines, self._rest = (self._rest + data).split(b"\n")
        fixes = [fix for line in lines for fix in self._read_line(line, now_s)]
        if len(self._rest) > LONGEST_BYTES:
            self._rest, self._is_too_long = b"", True
        epoch = self._epoch
        if epoch is not None and now_s - epoch.since_s >= SETTLE_S:
            fixes += self._close(now_s)
        return fixes

    def _read_line(self, line: bytes, now_s: float) -> list[Fix]:
        line = line.strip()
        is_too_long, self._is_too_long = self._is_too_long or len(line) > LONGEST_BYTES, False
        if not line and not is_too_long:
            return []
        report = None if is_too_long else _json_object(line)
        if report is None:
            self._counts["garbage"] += 1
            return []
        self._counts["reports"] += 1
        name, device = report.get("class"), report.get("device")
        device = device if isinstance(device, str) else ""
        self._has_receiver = self._has_receiver or name in ("TPV", "SKY")
        if name == "TPV":
            return self._read_tpv(report, device, now_s)
        if name == "SKY":
            self._read_sky(report, device, now_s)
        elif name in ("PPS", "TOFF"):
            self._read_comparison(report, is_pulse=name == "PPS")
        elif name == "VERSION":
            self.protocol = int(_number(report, "proto_major", 0, 1000) or 0)
        return []

    def _read_sky(self, report: dict[str, Any], device: str, now_s: float) -> None:
        self._satellites = _satellites(report) or self._satellites
        hdop = _number(report, "hdop", 0, 1000)
        if hdop is not None:
            self._hdops.pop(device, None)
            self._hdops[device] = hdop, now_s
            if len(self._hdops) > _MOST_DEVICES:
                del self._hdops[next(iter(self._hdops))]

    def _read_comparison(self, report: dict[str, Any], *, is_pulse: bool) -> None:
        utc_ns, system_ns = _instant_ns(report, "real"), _instant_ns(report, "clock")
        if utc_ns is None or system_ns is None:
            self._counts["malformed"] += 1
            return
        self._counts["pps" if is_pulse else "toff"] += 1
        self._on_time(Comparison(utc_ns, system_ns, is_pulse))

    def _read_tpv(self, report: dict[str, Any], device: str, now_s: float) -> list[Fix]:
        mode = int(_number(report, "mode", 0, 1000) or 0)
        if mode <= _NO_FIX:
            self._counts["no_fix"] += 1
            return []
        time_ns = _time_ns(report.get("time"))
        if time_ns is None:
            self._counts["malformed"] += 1
            return []
        if not self._listens_to(device, mode, now_s):
            self._counts["other_receiver"] += 1
            return []
        return self._merge(report, _Epoch(device, time_ns, now_s, mode), now_s)

    def _listens_to(self, device: str, mode: int, now_s: float) -> bool:
        """Tell whether a receiver with a fix is the one that counts, from now on if need be."""
        is_better = mode >= _3D and not self._has_3d
        if self._device is None or is_better or now_s - self._fix_s > SILENT_S:
            self._device, self._has_3d = device, False
        if self._device != device:
            return False
        self._has_3d, self._fix_s = self._has_3d or mode >= _3D, now_s
        return True

    def _merge(self, report: dict[str, Any], reported: _Epoch, now_s: float) -> list[Fix]:
        fixes, epoch = [], self._epoch
        if epoch and (epoch.device, epoch.time_ns) == (reported.device, reported.time_ns):
            self._counts["merged"] += 1
            epoch.mode = max(epoch.mode, reported.mode)
        else:
            fixes = self._close(now_s)
            epoch = self._epoch = reported
        for key, bounds in _BOUNDS.items():
            value = _number(report, key, *bounds)
            if value is not None:
                epoch.values[key] = value
        return fixes + self._close(now_s) if epoch.is_complete else fixes

    def _close(self, now_s: float) -> list[Fix]:
        """Return the fix of the epoch, once, if it has a place."""
        epoch = self._epoch
        if epoch is None or epoch.closed:
            return []
        epoch.closed = True
        values = epoch.values
        if not {"lat", "lon"} <= values.keys():
            self._counts["malformed"] += 1
            return []
        if epoch.mode >= _3D:
            self._on_time(Arrival(epoch.time_ns, round(epoch.since_s * 1e9)))
        hdop, said_s = self._hdops.get(epoch.device, (None, now_s))
        self._counts["fixes"] += 1
        return [
            Fix(
                epoch.time_ns,
                values["lat"],
                values["lon"],
                alt_m=epoch.alt_m,
                heading_deg=values.get("track"),
                speed_mps=values.get("speed"),
                hdop=hdop if now_s - said_s <= HDOP_S else None,
            )
        ]


def _json_object(line: bytes) -> dict[str, Any] | None:
    try:
        value = json.loads(line, parse_int=float)  # an integer may have thousands of digits
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _number(report: dict[str, Any], key: str, low: float, high: float) -> float | None:
    value = report.get(key)
    return None if isinstance(value, bool) else within(value, low, high)


def _satellites(report: dict[str, Any]) -> tuple[int, int] | None:
    """Return how many satellites are used and seen; before gpsd 3.21 only their list tells."""
    used, seen = _number(report, "uSat", 0, 1000), _number(report, "nSat", 0, 1000)
    listed = report.get("satellites")
    if (used is None or seen is None) and isinstance(listed, list) and listed:
        used = sum(isinstance(each, dict) and each.get("used") is True for each in listed)
        seen = len(listed)
    return None if used is None or seen is None else (int(used), int(seen))


def _instant_ns(report: dict[str, Any], clock: str) -> int | None:
    """Read an instant of a PPS or TOFF: seconds since 1970, and nanoseconds."""
    seconds = _number(report, f"{clock}_sec", 0, _LAST_NS // 10**9)
    fraction_ns = _number(report, f"{clock}_nsec", 0, 10**9 - 1)
    if seconds is None or fraction_ns is None:
        return None
    return int(seconds) * 10**9 + int(fraction_ns)


def _time_ns(text: object) -> int | None:
    """Read a time that a receiver can mean."""
    if not isinstance(text, str):
        return None
    try:
        time_ns = utc_ns(text)
    except (ValueError, OverflowError):
        return None
    return time_ns if _FIRST_NS <= time_ns < _LAST_NS else None
