"""A small server of HTTP PUT, HEAD and GET, which can fail in the ways that servers do.

It keeps files in memory under their paths. With ``tells`` it says ``Repr-Digest`` (RFC 9530) of
what it has; without, as most servers of plain PUT, only the length. It is no S3: it checks no
signature.
"""

from __future__ import annotations

import base64
import hashlib
import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class PutServer(ThreadingHTTPServer):
    """The server, in threads of its own; close it.

    Attributes:
        files: Path -> what was put there.
        asked: (method, path) of each request, in order.
        tells: Whether it tells digests.
        wanted: The ``Authorization`` header that it wants, if any.
        status: Answers every request with this status, if any.
        cut_after: Answers so many more requests, then hangs up within a body; None is for ever.
        spoils: Turns a byte of the next file that is put.
        length: Said of every file that it has, in place of its length.
        most_bytes: Answers 413 to a longer file.
    """

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files: dict[str, bytes] = {}
        self.asked: list[tuple[str, str]] = []
        self.tells, self.wanted, self.status = True, None, None
        self.cut_after: int | None = None
        self.spoils = False
        self.length: str | None = None
        self.most_bytes: int | None = None
        threading.Thread(target=self.serve_forever, args=(0.02,), daemon=True).start()

    @property
    def address(self) -> str:
        """Where files are put."""
        return f"http://127.0.0.1:{self.server_address[1]}/surveys"

    def close(self) -> None:
        """Serve no more."""
        self.shutdown()
        self.server_close()

    def of(self, method: str) -> list[str]:
        """Return the paths of the requests of a method."""
        return [path for asked, path in self.asked if asked == method]


class _Handler(BaseHTTPRequestHandler):
    server: PutServer
    protocol_version = "HTTP/1.1"

    def do_PUT(self) -> None:
        size_bytes = int(self.headers["Content-Length"])
        self.server.asked.append(("PUT", self.path))
        if self.server.cut_after is not None:
            self.server.cut_after -= 1
            if self.server.cut_after < 0:
                self.rfile.read(size_bytes // 2)
                self.close_connection = True
                self.connection.shutdown(socket.SHUT_RDWR)
                return
        body = self.rfile.read(size_bytes)
        if not self._is_welcome():
            return
        if self.server.most_bytes is not None and size_bytes > self.server.most_bytes:
            self._answer(413)
            return
        if self.headers.get("Repr-Digest") != _digest(body):
            self._answer(400)
            return
        if self.server.spoils:
            body, self.server.spoils = bytes([body[0] ^ 1]) + body[1:], False
        self.server.files[self.path] = body
        self._answer(201)

    def do_HEAD(self) -> None:
        self._give(with_body=False)

    def do_GET(self) -> None:
        self._give(with_body=True)

    def log_message(self, *_args) -> None:
        """Say nothing."""

    def _give(self, *, with_body: bool) -> None:
        self.server.asked.append((self.command, self.path))
        if not self._is_welcome():
            return
        body = self.server.files.get(self.path)
        if body is None:
            self._answer(404)
            return
        more = {"Repr-Digest": _digest(body)} if self.server.tells else {}
        if self.server.length is not None:
            more["Content-Length"] = self.server.length
        self._answer(200, body, with_body=with_body, **more)

    def _is_welcome(self) -> bool:
        status = self.server.status
        if status is None and self.server.wanted not in (None, self.headers.get("Authorization")):
            status = 401
        if status is not None:
            self._answer(status)
        return status is None

    def _answer(self, status: int, body: bytes = b"", *, with_body=True, **more) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)


def _digest(body: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
