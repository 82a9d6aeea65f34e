"""The end of the socket that systemd holds."""

from __future__ import annotations

import socket


class Manager:
    """The end of the socket that systemd holds."""

    def __init__(self, name: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(name)
        self._socket.settimeout(60)
        self.address = name.replace("\0", "@")
        self.messages: list[list[str]] = []

    def hear(self) -> list[str]:
        """Wait for the next message and return its lines."""
        self.messages.append(self._socket.recv(4096).decode().splitlines())
        return self.messages[-1]

    def hear_until(self, line: str) -> None:
        """Hear messages until one has this line."""
        while line not in self.hear():
            pass

    def hear_until_status(self, *words: str) -> None:
        """Hear messages until a status has all these words."""
        status = ""
        while not all(word in status for word in words):
            status = self.hear()[-1]

    def hear_the_rest(self) -> list[str]:
        """Return the lines that have come by now."""
        self._socket.settimeout(0)
        lines: list[str] = []
        try:
            while True:
                lines += self.hear()
        except BlockingIOError:
            return lines

    def close(self) -> None:
        """Leave the socket's name behind, as a manager does that has crashed."""
        self._socket.close()
