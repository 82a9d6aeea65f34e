"""A server that files are put on: plain HTTP PUT, or S3-compatible.

A file is there when the server says so by a digest (``x-amz-checksum-sha256`` of S3, or the
``Repr-Digest`` of RFC 9530), or else when what it gives back has the right bytes.
"""

from __future__ import annotations

import base64
import hashlib
import http.client
import re
import ssl
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from edgecrack.uplink.credentials import UPLOAD_VARIABLE, read_credentials
from edgecrack.uplink.signing import EMPTY_SHA256, Request, encoded_path, signed_headers

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.storage.disk import Digest
    from edgecrack.uplink.addresses import StoreAddress

PATIENCE_S = 30.0
_CHUNK_BYTES = 1 << 16
_MISSING = (403, 404)  # S3 says 403 of what is missing to who may not list
_REPR_DIGEST = re.compile(r"\bsha-256=:([A-Za-z0-9+/=]+):")


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: status, headers by their names in lower case, digest and size."""

    status: int
    headers: dict[str, str]
    sha256: str
    size_bytes: int


class HttpStore:
    """A store; used by one thread. Every failure is an `OSError`.

    Args:
        address: Where it is.
        region: Of an S3-compatible one.
        credentials_file: See ``UploadSpec``; read at each request.

    Attributes:
        moved_bytes: Bodies sent and received.
    """

    def __init__(
        self, address: StoreAddress, region: str = "us-east-1", credentials_file: Path | None = None
    ) -> None:
        self._address, self._region, self._credentials_file = address, region, credentials_file
        self._connection: http.client.HTTPConnection | None = None
        self._tls = ssl.create_default_context() if address.is_tls else None
        self.moved_bytes = 0

    def has(self, name: str, digest: Digest) -> bool:
        """Whether a file is there, byte for byte.

        Args:
            name: Under the address, with slashes.
            digest: Of what it must be.
        """
        asked = {"x-amz-checksum-mode": "ENABLED", "Want-Repr-Digest": "sha-256=9"}
        reply = self._ask("HEAD", name, asked)
        if reply.status in _MISSING:
            return False
        _check(reply, name)
        if int(reply.headers.get("content-length", -1)) != digest.size_bytes:
            return False
        told = _told_sha256(reply.headers)
        if told is None:
            reply = self._ask("GET", name, {})
            if reply.status in _MISSING:
                return False
            _check(reply, name)
            told = reply.sha256
        return told == digest.sha256

    def put(self, name: str, digest: Digest, path: Path) -> None:
        """Put a file there, in place of what has its name.

        Args:
            name: Under the address, with slashes.
            digest: Of what it is.
            path: Where it lies.
        """
        told = base64.b64encode(bytes.fromhex(digest.sha256)).decode()
        headers = {"Content-Length": str(digest.size_bytes)}
        if self._address.is_s3:
            headers["x-amz-checksum-sha256"] = told
        else:
            headers["Repr-Digest"] = f"sha-256=:{told}:"
        _check(self._ask("PUT", name, headers, (digest, path)), name)

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(
        self,
        method: str,
        name: str,
        headers: dict[str, str],
        body: tuple[Digest, Path] | None = None,
    ) -> Reply:
        path = self._address.path + encoded_path(name)
        headers = self._with_credentials(method, path, headers, body[0].sha256 if body else None)
        try:
            if self._connection is None:
                self._connection = self._connect()
            if body is None:
                self._connection.request(method, path, headers=headers)
            else:
                with body[1].open("rb") as opened:
                    self._connection.request(method, path, opened, headers)
                self.moved_bytes += body[0].size_bytes
            return self._reply(self._connection)
        except (OSError, http.client.HTTPException) as error:
            self.close()
            why = getattr(error, "strerror", None) or str(error) or type(error).__name__
            raise ConnectionError(f"{self._address.host} does not answer: {why}") from error

    def _connect(self) -> http.client.HTTPConnection:
        host, port = self._address.host, self._address.port
        if self._tls is None:
            return http.client.HTTPConnection(host, port, timeout=PATIENCE_S)
        return http.client.HTTPSConnection(host, port, timeout=PATIENCE_S, context=self._tls)

    def _reply(self, connection: http.client.HTTPConnection) -> Reply:
        response, digest, size_bytes = connection.getresponse(), hashlib.sha256(), 0
        while chunk := response.read(_CHUNK_BYTES):
            digest.update(chunk)
            size_bytes += len(chunk)
        self.moved_bytes += size_bytes
        headers = {name.lower(): value for name, value in response.getheaders()}
        if response.will_close:
            self.close()
        return Reply(response.status, headers, digest.hexdigest(), size_bytes)

    def _with_credentials(
        self, method: str, path: str, headers: dict[str, str], body_sha256: str | None
    ) -> dict[str, str]:
        known = read_credentials(self._credentials_file, UPLOAD_VARIABLE)
        if known is None:
            return headers
        if not self._address.is_s3:
            basic = base64.b64encode(f"{known.user}:{known.password}".encode()).decode()
            return {**headers, "Authorization": f"Basic {basic}"}
        now = datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
        signed = {name: value for name, value in headers.items() if name.startswith("x-amz-")}
        request = Request(
            method, path, {"Host": self._host(), **signed}, body_sha256 or EMPTY_SHA256
        )
        return {**headers, **signed_headers(request, known, self._region, now)}

    def _host(self) -> str:
        address = self._address
        host = f"[{address.host}]" if ":" in address.host else address.host
        is_usual = address.port == (443 if address.is_tls else 80)
        return host if is_usual else f"{host}:{address.port}"


def _told_sha256(headers: dict[str, str]) -> str | None:
    """Return the digest that a server tells of a file, if it does, in hexadecimal."""
    found = _REPR_DIGEST.search(headers.get("repr-digest", ""))
    told = headers.get("x-amz-checksum-sha256") or (found[1] if found else "")
    try:
        digest = base64.b64decode(told, validate=True)
    except ValueError:
        return None
    return digest.hex() if len(digest) == hashlib.sha256().digest_size else None


def _check(reply: Reply, name: str) -> None:
    if not 200 <= reply.status < 300:
        raise ConnectionError(
            f"the store answered {reply.status} {http.client.responses.get(reply.status, '')} "
            f"of {name}"
        )
