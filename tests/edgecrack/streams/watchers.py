"""Those who watch a stream: a player, here or in its own process, and one that never reads.

``python -m tests.edgecrack.streams.watchers URL TIMES`` watches three pictures over RTSP, so many
times, and prints a line after each.
"""

from __future__ import annotations

import re
import socket
import sys
import threading
from typing import TYPE_CHECKING, Any

import numpy as np

from edgecrack.gst.buffers import view
from edgecrack.gst.runtime import Gst, launch, stop
from edgecrack.streams.address import parse_stream_address
from edgecrack.streams.outlets import OutletSpec, open_outlet
from edgecrack.streams.sending import Sending
from edgecrack.streams.streamer import Streamer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import TracebackType

    from typing_extensions import Self

    from edgecrack.backoff import Backoff
    from edgecrack.records import RgbImage

_DECODED = "h264parse ! avdec_h264 ! videoconvert ! video/x-raw,format=RGB ! appsink name=out"
_PATIENCE_NS = 200_000_000
_MOST_WAITING_BYTES = 50_000_000  # more than the kernel keeps for one connection
_ROUNDS = 100  # twenty seconds without any picture


def rtsp(url: str) -> str:
    """Return a player of RTSP."""
    return f"rtspsrc location={url} protocols=tcp latency=0 ! rtph264depay"


def srt(uri: str) -> str:
    """Return a player of SRT."""
    return f'srtsrc uri="{uri}" latency=20 ! tsdemux latency=0'


def udp(port: int) -> str:
    """Return a player of MPEG-TS over UDP."""
    return f"udpsrc address=127.0.0.1 port={port} ! tsdemux latency=0"


class Player:
    """Plays a stream.

    Args:
        source: From its address to H.264.
    """

    def __init__(self, source: str) -> None:
        self._pipeline = launch(f"{source} ! {_DECODED} sync=false")
        self._pipeline.set_state(Gst.State.PLAYING)

    def take(self, pictures: int) -> list[tuple[int, RgbImage]]:
        """Return so many pictures and their times; fewer where it ends or fails."""
        samples = self._samples(pictures)
        return [(sample.get_buffer().pts, view(sample).copy()) for sample in samples]

    def watch(self, pictures: int) -> int:
        """Take so many pictures and keep none; return how many there were."""
        return sum(1 for _ in self._samples(pictures))

    def _samples(self, pictures: int) -> Iterator[Any]:
        out, empty = self._pipeline.get_by_name("out"), 0
        while pictures and empty < _ROUNDS and not out.get_property("eos"):
            sample = out.try_pull_sample(_PATIENCE_NS)
            if sample is not None:
                pictures, empty = pictures - 1, 0
                yield sample
            elif self.error() is not None:
                return
            else:
                empty += 1

    def error(self) -> str | None:
        """Return what stopped it."""
        message = self._pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
        return " ".join(map(str, message.parse_error())) if message else None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        stop(self._pipeline)


class StalledClient:
    """Asks an RTSP server to play, and reads nothing of it.

    Args:
        port: Where it serves on this machine; no password.
    """

    def __init__(self, port: int) -> None:
        self._url, self._asked = f"rtsp://127.0.0.1:{port}/live", 0
        self._socket = socket.socket()
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._socket.settimeout(20)
        self._socket.connect(("127.0.0.1", port))
        described = self._ask("DESCRIBE", self._url, "Accept: application/sdp")
        length = int(re.search(r"Content-Length: (\d+)", described)[1])
        while len(described.partition("\r\n\r\n")[2]) < length:
            described += self._socket.recv(4096).decode()
        transport = "Transport: RTP/AVP/TCP;unicast;interleaved=0-1"
        answer = self._ask("SETUP", f"{self._url}/stream=0", transport)
        session = re.search(r"Session: ([^;\s]+)", answer)[1]
        self._send("PLAY", self._url, f"Session: {session}")  # pictures may precede the answer

    def is_connected(self) -> bool:
        """Whether the server still holds the connection, behind what waits to be read."""
        self._socket.settimeout(3)
        read = 0
        try:
            while read < _MOST_WAITING_BYTES and (data := self._socket.recv(2**20)):
                read += len(data)
        except TimeoutError:
            return True
        except ConnectionError:
            return False
        return bool(data)

    def close(self) -> None:
        """Go away."""
        self._socket.close()

    def _ask(self, method: str, url: str, header: str) -> str:
        self._send(method, url, header)
        answer = b""
        while b"\r\n\r\n" not in answer:
            data = self._socket.recv(4096)
            if not data:
                raise ConnectionError("the server closed the connection")
            answer += data
        return answer.decode(errors="replace")

    def _send(self, method: str, url: str, header: str) -> None:
        self._asked += 1
        request = f"{method} {url} RTSP/1.0\r\nCSeq: {self._asked}\r\n{header}\r\n\r\n"
        self._socket.sendall(request.encode())


class Camera:
    """Pictures for a stream, 25 a second: each of one gray, 3 more than the one before, or noise.

    Args:
        address: Where the stream goes.
        size_px: Width and height, which may be changed.
        noise: Pictures that take all the bits there are.
        kbps: Of the stream.
        backoff: Of the stream.

    Attributes:
        notes: What the stream said of itself.
        drawn: How many pictures were drawn.
    """

    def __init__(
        self,
        address: str,
        size_px: tuple[int, int] = (320, 240),
        *,
        noise: bool = False,
        kbps: int = 2000,
        backoff: Backoff | None = None,
    ) -> None:
        self.size_px, self.drawn = size_px, 0
        self.notes: list[tuple[str, str]] = []
        where = parse_stream_address(address)
        spec = OutletSpec(where, 25.0, kbps)
        random = np.random.default_rng(1)
        self._noise = random.integers(0, 255, (8, *size_px[::-1], 3), np.uint8) if noise else None
        sending = Sending(
            where.name,
            lambda of_px: open_outlet(spec, of_px),
            lambda *note: self.notes.append(note),
            backoff=backoff,
        )
        self.streamer, self._over = Streamer(sending), threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def until(self, fact: Callable[[], object]) -> None:
        """Wait until something is so."""
        for _ in range(600):
            if fact():
                return
            self._over.wait(0.05)
        raise AssertionError(f"it never came: {self.notes} {self.streamer.counts()}")

    def wait(self, pictures: int) -> None:
        """Wait for so many pictures' time."""
        self._over.wait(pictures / 25)

    def close(self) -> None:
        """Take no more."""
        self._over.set()
        self._thread.join()
        self.streamer.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        index = 0
        while not self._over.wait(0.04):
            index += 1
            self.streamer.put(self.size_px, lambda n=index, px=self.size_px: self._draw(n, px))  # type: ignore[misc]

    def _draw(self, index: int, size_px: tuple[int, int]) -> RgbImage:
        self.drawn += 1
        if self._noise is not None:
            return self._noise[index % 8]
        return np.full((*size_px[::-1], 3), index * 3 % 230 + 16, np.uint8)


def main() -> None:
    """Watch again and again."""
    for _ in range(int(sys.argv[2])):
        with Player(rtsp(sys.argv[1])) as player:
            sys.stdout.write(f"{len(player.take(3))}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
