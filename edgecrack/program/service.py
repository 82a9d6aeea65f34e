"""Tells systemd how a run goes: that it has begun, that it gets on, that it is about to end.

What ``sd_notify(3)`` describes: a datagram to the socket that ``$NOTIFY_SOCKET`` names, one
assignment a line. The watchdog is fed by nothing but progress, so a run that hangs is killed and
started again, however alive its process looks. A loop that comes round because a camera is waited
for gets on, too.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

TELL_EACH_S = 1.0
"""How often progress is told; the watchdog of the unit file is far longer."""

PREPARE_WITHIN_S = 1800.0
"""How long until the next word of what is prepared: TensorRT 8.6 tells of no step."""

_SEND_WITHIN_S = 0.5
"""How long a message may wait for a manager that does not read; the next one may come through."""


class Service:
    """This process as a service; every call does nothing where no manager listens.

    Args:
        address: Path of the manager's socket, or its abstract name behind an ``@``; None for none.
        clock_s: Monotonic seconds.

    Attributes:
        is_managed: Whether a manager listens.
        state: What the source does, where that is not to give pictures.
    """

    def __init__(
        self, address: str | None, *, clock_s: Callable[[], float] = time.monotonic
    ) -> None:
        self.is_managed = address is not None
        self._address, self._clock_s = address or "", clock_s
        self._told_s, self.state = float("-inf"), ""
        self._is_ready = self._is_stopping = False

    @classmethod
    def of_environment(cls, environment: Mapping[str, str] = os.environ) -> Service:
        """Return the service that ``$NOTIFY_SOCKET`` speaks of, if it does."""
        address = environment.get("NOTIFY_SOCKET", "")
        return cls(address if address.startswith(("/", "@")) else None)

    def opening(self, status: str) -> None:
        """Say what is being done before the first frame."""
        self._tell(f"STATUS={_line(status)}")

    def preparing(self, status: str) -> None:
        """Say how far something is that takes long before the first frame: it is waited for."""
        is_over = self._is_ready or self._is_stopping
        wait = [] if is_over else [f"EXTEND_TIMEOUT_USEC={round(1e6 * PREPARE_WITHIN_S)}"]
        self._tell(*wait, f"STATUS={self._with_state(status)}")

    def note(self, state: str) -> None:
        """Say from now on what the source does, beside how far the run is; empty for nothing."""
        self.state, self._told_s = state, float("-inf")

    def running(self, status: str) -> None:
        """Say that the loop has come round, with a line for people: ready, and not hanging."""
        now_s = self._clock_s()
        if self._is_stopping or now_s - self._told_s < TELL_EACH_S:
            return
        self._told_s = now_s
        ready = [] if self._is_ready else ["READY=1"]
        if self._tell(*ready, "WATCHDOG=1", f"STATUS={self._with_state(status)}"):
            self._is_ready = True

    def stopping(self) -> None:
        """Say that what follows is the end: the watchdog rests, the stop timeout runs."""
        if not self._is_stopping:
            self._is_stopping = True
            self._tell("STOPPING=1", "STATUS=ending")

    def _with_state(self, status: str) -> str:
        return _line(f"{self.state}; {status}" if self.state else status)

    def _tell(self, *lines: str) -> bool:
        """Send a message; whether it was taken. A deaf manager must not end a survey."""
        if not self.is_managed:
            return False
        # An abstract name begins with a zero byte, for which the variable has an @.
        name = "\0" + self._address[1:] if self._address[0] == "@" else self._address
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sending:
                sending.settimeout(_SEND_WITHIN_S)
                sending.sendto("\n".join(lines).encode("utf-8", "replace"), name)
        except OSError:
            return False
        return True


def _line(text: str) -> str:
    return " ".join(text.split())
