"""Where positions come from: recorded logs, read whole, and live receivers, polled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgecrack.errors import InputError
from edgecrack.positions.receiver_address import SerialAddress, parse_receiver
from edgecrack.positions.track import Track
from edgecrack.redaction import is_remote, redact_address
from edgecrack.settings import AddressText, setting

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from edgecrack.clock import Arrival, Comparison
    from edgecrack.positions.reception import ReceiverChange
    from edgecrack.records import Fix

    OnTime = Callable[[Arrival | Comparison], None]

MOST_GAP_S = 60
MOST_LATENCY_MS = 5000
SKIP, INFER = "skip", "infer"
SYSTEM, GATE = "system", "gate"
LIMIT_BYTES = 1 << 30
"""Largest log that is read: some three months at one fix a second."""

_XML_STARTS = (b"<", b"\xef\xbb\xbf<", b"\xff\xfe", b"\xfe\xff")  # plain, and byte order marks


@dataclass(frozen=True, slots=True, kw_only=True)
class PositionSpec:
    """What may be set about positions: the table ``[position]`` of ``unit.toml``.

    Attributes:
        address: NMEA or GPX file, ``serial:///dev/ttyUSB0?baud=9600``, or ``gpsd://host:port``,
            without a host that of this machine; None is no receiver.
        max_gap_s: Fixes further apart than this are not interpolated, above 0 and at most 60.
        standstill: ``skip`` the frames of a vehicle that stands by its log or receiver, whose
            network can rest then, or ``infer`` them like all others.
        latency_ms: How late the fixes are dated: taken off the times of all of them, -5000 to 5000.
        clock: What tells when a live source took a frame: ``system``, this machine's clock
            whatever it says, or ``gate``, nothing before NTP or three fixes have told the time.
    """

    address: AddressText | None = setting(
        None,
        flag="--position",
        help="NMEA or GPX file, gpsd://localhost:2947, or serial:///dev/ttyUSB0?baud=9600.",
        default_text="the pictures' EXIF, if any",
    )
    max_gap_s: float = setting(
        2.0, flag="--max-gap", help="Fixes further apart than this, in seconds, are not joined."
    )
    standstill: str = setting(
        SKIP,
        flag="--standstill",
        help=f"{SKIP} or {INFER} the frames of a vehicle that stands, by the speed at --position.",
    )
    latency_ms: float = setting(
        0.0,
        flag="--position-latency",
        help="How late the fixes at --position are dated, in ms: taken off their times.",
    )
    clock: str = setting(
        SYSTEM,
        flag="--clock",
        help=f"What dates live frames: {SYSTEM} is this machine's clock whatever it says; {GATE} "
        "waits until NTP or the receiver has told the time, as a unit in a vehicle should.",
    )

    def __post_init__(self) -> None:
        """Refuse an address of elsewhere, and a gap in which no place could be believed."""
        address = self.address or ""
        if is_remote(address) and not address.startswith("gpsd:"):
            raise ValueError(
                "address must be a file, serial:///dev/... or gpsd://host:port, and is not: "
                f"{redact_address(address)}"
            )
        if not 0 < self.max_gap_s <= MOST_GAP_S:
            raise ValueError(
                f"max_gap_s must be above 0 and at most {MOST_GAP_S}, not {self.max_gap_s}"
            )
        if self.standstill not in (SKIP, INFER):
            raise ValueError(f"standstill must be {SKIP} or {INFER}, not '{self.standstill}'")
        if self.clock not in (SYSTEM, GATE):
            raise ValueError(f"clock must be {SYSTEM} or {GATE}, not '{self.clock}'")
        if not abs(self.latency_ms) <= MOST_LATENCY_MS:  # also refuses NaN
            raise ValueError(
                f"latency_ms must be at most {MOST_LATENCY_MS} before or after, not "
                f"{self.latency_ms}"
            )


@dataclass(frozen=True, slots=True)
class PositionLog:
    """The positions of a recorded log.

    Attributes:
        fixes: In the order of the file.
        counts: What was read and what was skipped; the keys depend on the format.
        name: The file's name.
    """

    fixes: Sequence[Fix]
    counts: Mapping[str, int]
    name: str


class Receiver(Protocol):
    """A live receiver."""

    @property
    def reception(self) -> ReceiverChange | None:
        """What it hears now; None while that is not known yet."""

    @property
    def counts(self) -> Mapping[str, int]:
        """What arrived and what was skipped so far, by kind."""

    def poll(self) -> Iterable[Fix]:
        """Return the fixes that arrived since the last call, often none, without waiting.

        Raises:
            SourceError: The receiver went away.
        """

    def close(self) -> None:
        """Disconnect; safe to call twice."""


def read_positions(
    spec: str | Path, on_progress: Callable[[float], None] = lambda _share: None
) -> PositionLog:
    """Read a recorded log, GPX or NMEA 0183; the content decides which, not the file's name.

    Args:
        spec: The file.
        on_progress: Told again and again which share of it has been read, 0 to 1; what it raises
            ends the reading.

    Raises:
        InputError: The file is missing, unreadable, empty, of neither format, or has no position.
    """
    path = Path(spec)
    try:
        start = _start_of(path)
        # Only the parser that the format needs is imported.
        if start.lstrip().startswith(_XML_STARTS):
            from edgecrack.positions.gpx import read_gpx  # noqa: PLC0415

            fixes, counts = read_gpx(path, on_progress)
        else:
            from edgecrack.positions.nmea import read_nmea  # noqa: PLC0415

            fixes, counts = read_nmea(path, on_progress)
    except OSError as error:
        raise InputError(f"the track {path} cannot be read: {error.strerror}") from error
    return PositionLog(fixes, counts, path.name)


def _start_of(path: Path) -> bytes:
    if path.exists() and not path.is_file():
        raise InputError(f"the track must be a GPX or NMEA file, but {path} is not a file")
    size_bytes = path.stat().st_size
    if size_bytes > LIMIT_BYTES:
        raise InputError(
            f"the track {path} must have at most {LIMIT_BYTES >> 20} MiB, but has "
            f"{size_bytes >> 20}: split it"
        )
    with path.open("rb") as file:
        start = file.read(1024)
    if not start:
        raise InputError(f"the track must hold positions, but {path} is empty")
    return start


def track_of(log: PositionLog, max_gap_s: float = 2.0, latency_ms: float = 0.0) -> Track:
    """Make a track of a log.

    Raises:
        InputError: The track refused every fix of the log.
    """
    track = Track(log.fixes, max_gap_s=max_gap_s, latency_ms=latency_ms)
    if not len(track):
        reasons = ", ".join(f"{count} {reason}" for reason, count in track.refused.items() if count)
        raise InputError(
            f"the track {log.name} must hold a usable position, "
            f"but all {len(log.fixes)} were refused: {reasons or 'there are none'}"
        )
    return track


def open_receiver(spec: str, on_time: OnTime = lambda _heard: None) -> Receiver:
    """Connect to a live receiver, such as ``serial:///dev/ttyUSB0?baud=9600`` or ``gpsd://``.

    Args:
        spec: Its address.
        on_time: Told, while it is polled, the times of 3D fixes and pulses.

    Raises:
        UsageError: ``spec`` is not an address of such a form.
        InputError: What it names is no serial port, may not be opened, or is no gpsd.
        SourceError: The port or gpsd is not there now.
    """
    address = parse_receiver(spec)
    if isinstance(address, SerialAddress):
        from edgecrack.positions.serial import SerialReceiver  # noqa: PLC0415  # only where termios exists

        return SerialReceiver(address.device, address.baud, on_time)
    from edgecrack.positions.gpsd import GpsdReceiver  # noqa: PLC0415  # a unit has one or the other

    return GpsdReceiver(address, on_time=on_time)
