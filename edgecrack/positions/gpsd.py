"""The receivers of a gpsd, which reads them for several programs at once, read without waiting."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from typing import TYPE_CHECKING

from edgecrack.errors import InputError, SourceError
from edgecrack.positions.gpsd_parser import GpsdParser
from edgecrack.positions.reception import HEARD, NO_FIX_S, ReceiverChange, ReceiverState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgecrack.clock import Arrival, Comparison
    from edgecrack.positions.receiver_address import GpsdAddress
    from edgecrack.records import Fix

PROTOCOL = 3

ANSWER_S = 5.0
"""How long gpsd may take to answer: systemd may have to start it first."""

ASK_S, SILENT_S = 10.0, 30.0
"""A gpsd that says nothing is asked for its version, and in the end it is given up."""

_WATCH = b'?WATCH={"enable":true,"json":true,"pps":true};\n'
_VERSION = b"?VERSION;\n"
_READ_BYTES = 4096
_READS_PER_POLL = 16  # a poll ends after 64 KiB, however much gpsd sends
# A machine that is switched off says nothing: found out after 20 s.
_KEEP_ALIVE = {"TCP_KEEPIDLE": 5, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}


class GpsdReceiver:
    """A ``Receiver``: connects, waits until gpsd has said its version, and asks for all reports.

    Args:
        address: Where gpsd listens.
        clock: Monotonic seconds.
        answer_s: How long gpsd may take to be connected and to say its version.
        on_time: Told each time that gpsd reports of a 3D fix or a pulse, and when it was heard.

    Raises:
        InputError: What answers there is no gpsd, or speaks another protocol.
        SourceError: Nothing answers there now.
    """

    def __init__(
        self,
        address: GpsdAddress,
        clock: Callable[[], float] = time.monotonic,
        answer_s: float = ANSWER_S,
        on_time: Callable[[Arrival | Comparison], None] = lambda _heard: None,
    ) -> None:
        self._address, self._clock = address, clock
        self._parser = GpsdParser(on_time)
        self._heard_s = self._asked_s = self._fix_s = clock()
        self._socket: socket.socket | None = self._connect(answer_s)
        try:
            self._greet(self._socket, answer_s)
        except BaseException:
            self.close()
            raise

    @property
    def counts(self) -> Mapping[str, int]:
        """What the parser read and skipped so far."""
        return self._parser.counts

    @property
    def reception(self) -> ReceiverChange | None:
        """Whether gpsd has a fix: satellites used and seen tell why not."""
        if self._clock() - self._fix_s < NO_FIX_S:
            return HEARD if self._parser.counts["fixes"] else None
        return ReceiverChange(ReceiverState.NO_FIX, self._parser.lack())

    def poll(self) -> list[Fix]:
        """Return the fixes that arrived since the last call.

        Raises:
            SourceError: gpsd went away or hangs, or the receiver is closed.
        """
        if self._socket is None:
            raise SourceError(f"the receiver at {self._address} is closed: open it again")
        now_s = self._clock()
        fixes = self._parser.push(b"", now_s)
        for _ in range(_READS_PER_POLL):
            try:
                data = self._read(self._socket, now_s)
            except SourceError:
                if fixes:  # the next poll hears of it again
                    break
                raise
            if data is None:
                break
            fixes += self._parser.push(data, now_s)
        if fixes:
            self._fix_s = now_s
        return fixes

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _connect(self, answer_s: float) -> socket.socket:
        where = self._address.host, self._address.port
        try:
            connection = socket.create_connection(where, answer_s)
        except OSError as error:
            raise SourceError(
                f"no gpsd answers at {self._address} ({_reason(error)}): start it, or correct "
                "position.address"
            ) from error
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEP_ALIVE.items():
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, option), value)
        return connection

    def _greet(self, connection: socket.socket, answer_s: float) -> None:
        """Wait for the version, which is the first that gpsd says, and ask for reports."""
        until_s = self._clock() + answer_s
        try:
            while self._parser.protocol is None and self._clock() < until_s:
                data = connection.recv(_READ_BYTES)
                self._parser.push(data, self._clock())
                if not data or self._parser.counts["garbage"]:
                    break
            if self._parser.protocol == PROTOCOL:
                connection.sendall(_WATCH)
                connection.setblocking(False)  # noqa: FBT003  a socket's own method
                return
        except OSError as error:
            raise self._gone(_reason(error)) from error
        if self._parser.counts["garbage"]:
            raise InputError(f"what answers at {self._address} must be gpsd, and is something else")
        if self._parser.protocol is None:
            raise self._gone("it did not say its version")
        raise InputError(
            f"gpsd at {self._address} must speak protocol {PROTOCOL}, not "
            f"{self._parser.protocol}: install gpsd 3.22 or newer"
        )

    def _read(self, connection: socket.socket, now_s: float) -> bytes | None:
        """Return the bytes that have arrived, or None without any."""
        try:
            data = connection.recv(_READ_BYTES)
        except BlockingIOError:
            self._ask_if_silent(connection, now_s)
            return None
        except OSError as error:
            raise self._gone(_reason(error)) from error
        if not data:
            raise self._gone("it closed the connection")
        self._heard_s = now_s
        return data

    def _ask_if_silent(self, connection: socket.socket, now_s: float) -> None:
        """Find out whether a gpsd still lives that says nothing: it may just have no receiver."""
        if now_s - self._heard_s >= SILENT_S:
            raise self._gone(f"it said nothing for {SILENT_S:.0f} s")
        if now_s - max(self._heard_s, self._asked_s) >= ASK_S:
            self._asked_s = now_s
            with suppress(OSError):  # what is wrong with the connection, reading it tells
                connection.send(_VERSION)

    def _gone(self, why: str) -> SourceError:
        return SourceError(f"gpsd at {self._address} went away ({why}): see that it runs")


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
