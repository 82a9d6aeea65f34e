"""The real gpsd, fed by receivers that a test plays: each is a TCP server of NMEA sentences."""

from __future__ import annotations

import shutil
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from edgecrack.positions.receiver_address import GpsdAddress
from edgecrack.records import Fix
from edgecrack.synthetic.position_log import nmea

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

SECOND_NS = 10**9
START_NS = 1_780_304_400 * SECOND_NS
PROGRAM = shutil.which("gpsd", path="/usr/sbin:/usr/bin") or ""


def drive(seconds: int, lon_deg: float = 8.0) -> list[Fix]:
    """Return fixes once a second, driving north."""
    return [
        Fix(START_NS + s * SECOND_NS, 50 + s * 1e-4, lon_deg, 100.0, 0.0, 11.0, 0.8)
        for s in range(seconds)
    ]


def epochs(fixes: Iterable[Fix]) -> list[bytes]:
    """Return what a receiver sends of each of them."""
    return [nmea([fix]).encode() for fix in fixes]


def free_port() -> int:
    """Return a port of this machine on which nothing listens."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number: int = free.getsockname()[1]
        return number


class PlayedReceiver:
    """Sends a piece of its stream to whoever is connected, every ``each_s``; close it.

    Args:
        pieces: What it sends, such as the sentences of an epoch; after the last it is silent.
        each_s: Seconds between two pieces.
    """

    def __init__(self, pieces: Iterable[bytes], each_s: float = 0.02) -> None:
        self._pieces, self._each_s = iter(pieces), each_s
        self._server = socket.create_server(("127.0.0.1", 0))
        self._server.settimeout(0.05)
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()
        self.address = f"tcp://127.0.0.1:{self._server.getsockname()[1]}"

    def close(self) -> None:
        """Send no more."""
        self._over.set()
        self._thread.join()
        self._server.close()

    def _serve(self) -> None:
        while not self._over.is_set():
            with suppress(OSError):  # nobody came, or who came is gone
                connection, _ = self._server.accept()
                with connection:
                    self._send(connection)

    def _send(self, connection: socket.socket) -> None:
        for piece in self._pieces:
            connection.sendall(piece)
            if self._over.wait(self._each_s):
                return
        self._over.wait()


class Gpsd:
    """A gpsd on a port of its own, which can be killed and started again."""

    def __init__(self, sources: Sequence[str], folder: Path) -> None:
        assert PROGRAM, "deploy/setup.sh installs gpsd"
        self.address = GpsdAddress("127.0.0.1", free_port())
        self._sources, self._folder = sources, folder
        self.process = self._started()

    def kill(self) -> None:
        """End it as a crash does."""
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        """Start it again on the same port."""
        self.process = self._started()

    def _started(self) -> subprocess.Popen[bytes]:
        options = ["-N", "-n", "-b", "-S", str(self.address.port), "-F", self._folder / "control"]
        return subprocess.Popen(
            [PROGRAM, *options, *self._sources],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip


@contextmanager
def gpsd_with(folder: Path, *receivers: PlayedReceiver) -> Iterator[Gpsd]:
    """Run a gpsd that reads these receivers."""
    gpsd = Gpsd([receiver.address for receiver in receivers], folder)
    try:
        yield gpsd
    finally:
        gpsd.kill()
        for receiver in receivers:
            receiver.close()
