"""Addresses of live receivers: on a serial port, or behind gpsd."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlsplit

from edgecrack.errors import UsageError

DEFAULT_BAUD = 9600
GPSD_HOST, GPSD_PORT = "localhost", 2947

_EXAMPLES = "serial:///dev/ttyUSB0?baud=9600 or gpsd://localhost:2947"


@dataclass(frozen=True, slots=True)
class SerialAddress:
    """A serial port and its rate."""

    device: str
    baud: int = DEFAULT_BAUD


@dataclass(frozen=True, slots=True)
class GpsdAddress:
    """Where gpsd listens: on this machine unless a person writes another.

    Example:
        >>> str(GpsdAddress()), str(GpsdAddress("::1", 2948))
        ('gpsd://localhost:2947', 'gpsd://[::1]:2948')
    """

    host: str = GPSD_HOST
    port: int = GPSD_PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"gpsd://{host}:{self.port}"


def is_receiver(address: str) -> bool:
    """Tell whether an address names a live receiver, well or badly; else it is a file's.

    Example:
        >>> is_receiver("gpsd://"), is_receiver("serial:///dev/ttyUSB0"), is_receiver("a.nmea")
        (True, True, False)
    """
    return address.startswith(("serial:", "gpsd:"))


def parse_receiver(address: str) -> SerialAddress | GpsdAddress:
    """Read the address of a receiver.

    Raises:
        UsageError: It is not of one of the two forms.

    Example:
        >>> parse_receiver("serial:///dev/ttyUSB0?baud=4800")
        SerialAddress(device='/dev/ttyUSB0', baud=4800)
        >>> parse_receiver("gpsd://")
        GpsdAddress(host='localhost', port=2947)
    """
    try:
        return _gpsd(address) if address.startswith("gpsd:") else _serial(address)
    except ValueError as error:  # of urlsplit, of the port, or of a name that no host can have
        raise UsageError(f"{address!r} must be a receiver's address like {_EXAMPLES}") from error


def _serial(address: str) -> SerialAddress:
    parts = urlsplit(address)
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    baud = options.pop("baud", str(DEFAULT_BAUD))
    if parts.scheme != "serial" or parts.netloc or not parts.path or options:
        raise ValueError(address)
    if not baud.isdecimal():
        raise UsageError(f"the baud rate must be a number such as 9600, not {baud!r}")
    return SerialAddress(parts.path, int(baud))


def _gpsd(address: str) -> GpsdAddress:
    parts = urlsplit(address)
    host, port = parts.hostname or GPSD_HOST, GPSD_PORT if parts.port is None else parts.port
    if parts.path not in {"", "/"} or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError(address)
    if port == 0:
        raise ValueError(address)
    host.encode("idna")
    return GpsdAddress(host, port)
