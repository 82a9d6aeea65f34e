"""An NMEA receiver on a serial port, read without waiting."""

from __future__ import annotations

import errno
import os
import termios
import time
from typing import TYPE_CHECKING

from edgecrack.errors import InputError, SourceError, UsageError
from edgecrack.positions.nmea import NmeaParser
from edgecrack.positions.reception import HEARD, NO_FIX_S, ReceiverChange, ReceiverState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgecrack.clock import Arrival
    from edgecrack.records import Fix

SILENT_S = 10.0
"""A receiver sends a sentence each second at least: one that sends none for so long is silent."""

_READ_BYTES = 4096
_READS_PER_POLL = 16  # a poll ends after 64 KiB, however fast the port sends
_LOST = frozenset({errno.EIO, errno.ENODEV, errno.ENXIO})  # its power broke down, or it was pulled


class SerialReceiver:
    """A ``Receiver``: eight data bits, no parity, one stop bit, nothing echoed or altered.

    Args:
        device: The port, such as ``/dev/ttyUSB0``.
        baud: The receiver's rate.
        on_time: Told the time of each 3D fix, and when it was heard.
        clock_ns: The monotonic clock.

    Raises:
        UsageError: No serial port has that rate.
        InputError: The device is no serial port, or may not be opened.
        SourceError: The device is not there now.
    """

    def __init__(
        self,
        device: str,
        baud: int,
        on_time: Callable[[Arrival], None] = lambda _heard: None,
        clock_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self._device, self._baud, self._clock_ns = device, baud, clock_ns
        self._parser = NmeaParser(on_time)
        self._heard_ns = self._fix_ns = clock_ns()  # the last sentence, and the last fix
        self._has_bytes = False
        speed = getattr(termios, f"B{baud}", None)
        if not speed:  # B0 hangs up
            raise UsageError(f"the baud rate must be one like 4800, 9600 or 115200, not {baud}")
        self._fd: int | None = _open(device)
        try:
            _make_raw(self._fd, speed)
        except termios.error as error:
            self.close()
            number, why = error.args
            if number in _LOST:
                raise SourceError(_gone(device, why)) from error
            raise InputError(
                f"the receiver must be a serial port, which {device} is not"
            ) from error

    @property
    def counts(self) -> Mapping[str, int]:
        """What the parser read and skipped so far."""
        return self._parser.counts

    @property
    def reception(self) -> ReceiverChange | None:
        """What is heard of it; None before the first sentence."""
        now_ns = self._clock_ns()
        if now_ns - self._heard_ns >= SILENT_S * 1e9:
            return ReceiverChange(ReceiverState.SILENT, self._silence())
        if now_ns - self._fix_ns >= NO_FIX_S * 1e9 and self._parser.counts["sentences"]:
            why = f"the receiver on {self._device} does not know where it is; see to its antenna"
            return ReceiverChange(ReceiverState.NO_FIX, why)
        return HEARD if self._parser.counts["sentences"] else None

    def poll(self) -> list[Fix]:
        """Return the fixes that arrived since the last call.

        Raises:
            SourceError: The port went away, or the receiver is closed.
        """
        sentences = self._parser.counts["sentences"]
        fixes = self._arrived()
        if self._parser.counts["sentences"] > sentences:
            self._heard_ns = self._clock_ns()
        if fixes:
            self._fix_ns = self._clock_ns()
        return fixes

    def _arrived(self) -> list[Fix]:
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
            self._has_bytes = True
            fixes += self._parser.push(data, self._clock_ns())
        return fixes

    def close(self) -> None:
        """Close the port; safe to call twice."""
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _silence(self) -> str:
        if self._has_bytes:
            why = f"what comes is no sentence: is its baud rate not {self._baud}?"
        else:
            why = f"nothing comes at {self._baud} baud: check cable, power and baud rate"
        return f"no sentence of the receiver on {self._device} for {SILENT_S:g} s; {why}"

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
