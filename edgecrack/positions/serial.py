"""An NMEA receiver on a serial port, read without waiting."""

from __future__ import annotations

import errno
import os
import termios
from typing import TYPE_CHECKING

from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.positions.nmea import NmeaParser

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.records import Fix

_READ_BYTES = 4096
_READS_PER_POLL = 16  # a poll ends after 64 KiB, however fast the port sends


class SerialReceiver:
    """A ``Receiver``: eight data bits, no parity, one stop bit, nothing echoed or altered.

    Args:
        device: The port, such as ``/dev/ttyUSB0``.
        baud: The receiver's rate.

    Raises:
        UsageError: No serial port has that rate.
        InputError: The device is no serial port, or may not be opened.
        SourceError: The device is not there now.
    """

    def __init__(self, device: str, baud: int) -> None:
        self._device = device
        self._parser = NmeaParser()
        speed = getattr(termios, f"B{baud}", None)
        if not speed:  # B0 hangs up
            raise UsageError(f"the baud rate must be one like 4800, 9600 or 115200, not {baud}")
        self._fd: int | None = _open(device)
        try:
            _make_raw(self._fd, speed)
        except termios.error as error:
            self.close()
            raise InputError(
                f"the receiver must be a serial port, which {device} is not"
            ) from error

    @property
    def counts(self) -> Mapping[str, int]:
        """What the parser read and skipped so far."""
        return self._parser.counts

    def poll(self) -> list[Fix]:
        """Return the fixes that arrived since the last call.

        Raises:
            SourceError: The port went away, or the receiver is closed.
        """
        fixes: list[Fix] = []
        for _ in range(_READS_PER_POLL):
            try:
                data = self._read()
            except SourceError:
                if fixes:  # the next poll hears of it again
                    break
                raise
            if data is None:
                break
            fixes += self._parser.push(data)
        return fixes

    def close(self) -> None:
        """Close the port; safe to call twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _read(self) -> bytes | None:
        """Return the bytes that have arrived, or None without any."""
        if self._fd is None:
            raise SourceError(f"the receiver on {self._device} is closed: open it again")
        try:
            data = os.read(self._fd, _READ_BYTES)
        except BlockingIOError:
            return None
        except OSError as error:
            raise SourceError(_gone(self._device, error.strerror)) from error
        if not data:
            raise SourceError(_gone(self._device, "it hung up"))
        return data


def _gone(device: str, why: str | None) -> str:
    return f"the receiver on {device} went away ({why}): check the cable"


def _open(device: str) -> int:
    try:
        return os.open(device, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
    except PermissionError as error:
        raise InputError(
            f"the receiver on {device} may not be read: add this user to the group dialout"
        ) from error
    except OSError as error:
        if error.errno == errno.EISDIR:
            raise InputError(f"the receiver must be a serial port, not {device}") from error
        raise SourceError(
            f"the receiver on {device} cannot be opened ({error.strerror}): plug it in"
        ) from error


def _make_raw(fd: int, speed: int) -> None:
    """Make the port pass bytes on unchanged; a read then returns no bytes only at a hang-up."""
    control = termios.tcgetattr(fd)[6]
    control[termios.VMIN], control[termios.VTIME] = 1, 0
    mode = termios.CS8 | termios.CREAD | termios.CLOCAL
    termios.tcsetattr(fd, termios.TCSANOW, [0, 0, mode, 0, speed, speed, control])
