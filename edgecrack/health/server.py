"""Answers ``/healthz``, ``/readyz`` and ``/metrics`` from memory, to few at a time.

Everything a client may do is bounded: how many there are, how long each takes to ask and to listen,
and how much it says. So one that is slow, or means ill, costs a thread for some seconds.
"""

from __future__ import annotations

import hmac
import io
import json
import socket
import socketserver
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

from edgecrack.errors import ConfigError
from edgecrack.health.metrics import CONTENT_TYPE, metrics_text
from edgecrack.health.verdict import liveness, readiness

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgecrack.health.snapshot import HealthSnapshot
    from edgecrack.health.verdict import Verdict

MOST_CLIENTS = 4
MOST_REQUEST_BYTES = 8192
ASK_WITHIN_S = 2.0
LISTEN_WITHIN_S = 5.0
_MOST_TOKEN_BYTES = 4096


class HealthServer:
    """Listens from the moment it is made, in a thread of its own.

    Args:
        address: Host and port; port 0 takes a free one.
        snapshot: Says how the unit is; called by several threads.
        token: What a request must carry; None asks for nothing.

    Attributes:
        port: Where it listens.

    Raises:
        OSError: It cannot listen there.
    """

    def __init__(
        self,
        address: tuple[str, int],
        snapshot: Callable[[], HealthSnapshot],
        token: str | None = None,
    ) -> None:
        self._server = _Server(address, snapshot, token)
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.1,), name="health", daemon=True
        )
        self._thread.start()

    def close(self) -> None:
        """Stop listening; safe to call twice."""
        self._server.shutdown()
        self._server.server_close()


def read_token(file: Path) -> str:
    """Return the token in a file.

    Raises:
        ConfigError: It cannot be read, or holds none.
    """
    try:
        with file.open("rb") as opened:
            token = opened.read(_MOST_TOKEN_BYTES).decode("ascii").strip()
    except OSError as error:
        raise ConfigError(
            f"health.token_file must be readable, but {file} is not ({error.strerror}); let this "
            "user read it, or name another"
        ) from error
    except UnicodeDecodeError:
        token = ""
    if not token or not token.isprintable():
        raise ConfigError(
            f"health.token_file must hold the token, a line of ASCII, but {file} holds none; write "
            "it there"
        )
    return token


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 16

    def __init__(
        self,
        address: tuple[str, int],
        snapshot: Callable[[], HealthSnapshot],
        token: str | None,
    ) -> None:
        self.snapshot, self.token = snapshot, token
        self._room = threading.BoundedSemaphore(MOST_CLIENTS)
        self.address_family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        """Bind without asking anybody for a name, which may take long."""
        socketserver.TCPServer.server_bind(self)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        if not self._room.acquire(blocking=False):
            self.shutdown_request(request)
            return
        super().process_request(request, client_address)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """Say nothing of a client that went away; a fault of our own is told as usual."""
        if not isinstance(sys.exc_info()[1], OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    server_version, sys_version = "edgecrack", ""

    def handle(self) -> None:
        """Read one request as a whole, within its time, and answer it."""
        head = self._head()
        if head is None:
            return
        self.connection.settimeout(LISTEN_WITHIN_S)
        self.rfile = io.BufferedReader(io.BytesIO(head))
        self.raw_requestline = self.rfile.readline()
        self.requestline, self.request_version, self.command = "", "", ""
        self.close_connection = True
        if self.parse_request():
            self._answer()

    def log_message(self, *_arguments: object) -> None:
        """Keep the journal for what happens to the unit."""

    def _head(self) -> bytes | None:
        """Return a request up to its empty line; None where it is too long or too slow."""
        head, until_s = b"", time.monotonic() + ASK_WITHIN_S
        while b"\r\n\r\n" not in head and b"\n\n" not in head:
            left_s = until_s - time.monotonic()
            if left_s <= 0 or len(head) > MOST_REQUEST_BYTES:
                return None
            self.connection.settimeout(left_s)
            piece = self.connection.recv(4096)
            if not piece:
                return None
            head += piece
        return head

    def _answer(self) -> None:
        answers: dict[str, Callable[[HealthSnapshot], tuple[int, str, str]]] = {
            "/healthz": lambda snapshot: _verdict(liveness(snapshot)),
            "/readyz": lambda snapshot: _verdict(readiness(snapshot)),
            "/metrics": lambda snapshot: (200, CONTENT_TYPE, metrics_text(snapshot)),
        }
        answer = answers.get(self.path.partition("?")[0])
        if self.command not in ("GET", "HEAD"):
            self._send(405, "text/plain", "only GET\n", Allow="GET, HEAD")
        elif not self._is_allowed():
            self._send(401, "text/plain", "a token is needed\n", **{"WWW-Authenticate": "Bearer"})
        elif answer is None:
            self._send(404, "text/plain", f"there are {', '.join(answers)}\n")
        else:
            self._send(*answer(self.server.snapshot()))

    def _is_allowed(self) -> bool:
        if self.server.token is None:
            return True
        said = self.headers.get("Authorization", "")
        wanted = f"Bearer {self.server.token}"
        return hmac.compare_digest(said.encode("utf-8", "replace"), wanted.encode())

    def _send(self, status: int, kind: str, text: str, **headers: str) -> None:
        body = text.encode("utf-8", "replace")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _verdict(verdict: Verdict) -> tuple[int, str, str]:
    said = {"status": "ok" if verdict.is_good else "failing", "reasons": verdict.reasons}
    return 200 if verdict.is_good else 503, "application/json", json.dumps(said) + "\n"
