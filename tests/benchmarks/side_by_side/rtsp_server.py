"""A camera of 30 Hz: films a coded clip in real time, and shows it to whoever connects.

``python -m tests.benchmarks.side_by_side.rtsp_server CLIP LOG`` prints its port. A client that does
not keep up for a second loses pictures up to the next key picture, as with any camera.
"""

from __future__ import annotations

import socket
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from tests.benchmarks.side_by_side import rtsp
from tests.benchmarks.side_by_side.coded_clip import read_clip
from tests.benchmarks.side_by_side.live import FilmedClip

if TYPE_CHECKING:
    from typing import BinaryIO

FPS = 30
_MOST_LATE_S = 1.0
_JUST_S = 0.1  # a client begins with a picture that is no older
_FIRST_NS = 100_000_000  # from PLAY to the first picture
_LAST_S = 0.5


class Camera:
    """Films from just after the first PLAY on: a picture is taken at its time, whoever looks.

    Args:
        clip: What it films, as coded pictures.
        log: Where it notes when it began.
    """

    def __init__(self, clip: list[bytes], log: Path) -> None:
        self.clip, self._log = clip, log
        self._lock = threading.Lock()
        self._began_s: float | None = None

    def begin(self) -> float:
        """Return when the first picture is taken, in monotonic seconds."""
        with self._lock:
            if self._began_s is None:
                began_ns, utc_ns = (
                    clock() + _FIRST_NS for clock in (time.monotonic_ns, time.time_ns)
                )
                FilmedClip(began_ns, utc_ns, len(self.clip), FPS).write(self._log)
                self._began_s = began_ns / 1e9
            return self._began_s


class Connection(threading.Thread):
    """One client: its questions are answered, and from PLAY on it is sent what is filmed."""

    def __init__(self, client: socket.socket, camera: Camera) -> None:
        super().__init__(daemon=True)
        self._client, self._camera = client, camera
        self._lock = threading.Lock()

    def run(self) -> None:
        """Answer until the client goes."""
        sets = rtsp.parameter_sets(self._camera.clip[0])
        # An error means that the client has gone.
        with suppress(OSError), self._client, self._client.makefile("rb") as questions:
            while (text := _question(questions)) is not None:
                request = rtsp.parse_request(text)
                self._send(rtsp.reply(request, sets))
                if request.method == "PLAY":
                    threading.Thread(target=self._play, daemon=True).start()
                if request.method == "TEARDOWN":
                    return

    def _send(self, data: bytes) -> None:
        with self._lock:
            self._client.sendall(data)

    def _play(self) -> None:
        packets, began_s, never = rtsp.Packets(), self._camera.begin(), threading.Event()
        is_behind = True  # a client begins with a key picture
        with suppress(OSError):  # the client has gone
            for number, picture in enumerate(self._camera.clip):
                due_s = began_s + number / FPS
                never.wait(max(0.0, due_s - time.monotonic()))
                is_late = time.monotonic() - due_s > (_JUST_S if is_behind else _MOST_LATE_S)
                is_behind = is_late or (is_behind and not rtsp.parameter_sets(picture))
                if not is_behind:
                    self._send(packets.of(picture, number * rtsp.CLOCK_HZ // FPS))
            never.wait(_LAST_S)
            self._client.shutdown(socket.SHUT_RDWR)


def _question(questions: BinaryIO) -> str | None:
    """Return the next request, past the receiver reports of RTP; None at the end."""
    read = questions.read
    while (first := read(1)) == b"$":
        read(int.from_bytes(read(3)[1:], "big"))
    lines = first
    while lines and not lines.endswith(b"\r\n\r\n"):
        more = read(1)
        if not more:
            return None
        lines += more
    return lines.decode("ascii", "replace") if lines else None


def main() -> None:
    """Serve until killed."""
    camera = Camera(read_clip(Path(sys.argv[1])), Path(sys.argv[2]))
    with socket.create_server(("127.0.0.1", 0)) as server:
        sys.stdout.write(f"{server.getsockname()[1]}\n")
        sys.stdout.flush()
        while True:
            client, _ = server.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            Connection(client, camera).start()


if __name__ == "__main__":
    main()
