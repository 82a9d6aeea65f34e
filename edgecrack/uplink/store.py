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
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.uplink.credentials import UPLOAD_VARIABLE, read_credentials
from edgecrack.uplink.signing import EMPTY_SHA256, Request, encoded_path, signed_headers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from edgecrack.storage.disk import Digest
    from edgecrack.uplink.addresses import StoreAddress

PATIENCE_S = 30.0
_CHUNK_BYTES = 1 << 16
_MISSING = (403, 404)  # S3 says 403 of what is missing to who may not list
_NOT_OF_THE_FILE = (401, 407, 408, 425, 429)  # but of who asks, or when
_REPR_DIGEST = re.compile(r"\bsha-256=:([A-Za-z0-9+/=]+):")


class NotTakenError(ConnectionError):
    """The store did not take one file; it may take others."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What a server answered: status, headers by their names in lower case, digest and size."""

    status: int
    headers: dict[str, str]
    sha256: str
    size_bytes: int


class _Body:
    """A file on its way: counts what is read of it, and tells its failures from the network's."""

    def __init__(self, path: Path, digest: Digest) -> None:
        self._path, self.digest, self.read_bytes = path, digest, 0
        with self._reading():
            self._file = path.open("rb")

    def read(self, most_bytes: int = -1) -> bytes:
        """Return the next bytes; none at the end."""
        with self._reading():
            part = self._file.read(most_bytes)
        self.read_bytes += len(part)
        return part

    def close(self) -> None:
        self._file.close()

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            why = error.strerror or error
            raise SinkError(
                f"{self._path} could not be read back ({why}); check the disk"
            ) from error


class HttpStore:
    """A store; used by one thread. Every failure of it is a `ConnectionError`.

    Args:
        address: Where it is.
        region: Of an S3-compatible one.
        credentials_file: See ``UploadSpec``; read at each request.

    Attributes:
        moved_bytes: Bodies sent and received; of those that broke off, what was read to be sent.
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

        Raises:
            NotTakenError: The store refuses this name.
        """
        asked = {"x-amz-checksum-mode": "ENABLED", "Want-Repr-Digest": "sha-256=9"}
        reply = self._ask("HEAD", name, asked)
        if reply.status in _MISSING:
            return False
        _check(reply, name)
        if _told_bytes(reply.headers, name) != digest.size_bytes:
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

        Raises:
            NotTakenError: It did not get there: also where a link breaks, for a server that finds
                a file too large may hang up while it is sent.
            SinkError: It cannot be read.
        """
        told = base64.b64encode(bytes.fromhex(digest.sha256)).decode()
        headers = {"Content-Length": str(digest.size_bytes)}
        if self._address.is_s3:
            headers["x-amz-checksum-sha256"] = told
        else:
            headers["Repr-Digest"] = f"sha-256=:{told}:"
        with closing(_Body(path, digest)) as body:
            try:
                _check(self._ask("PUT", name, headers, body), name)
            except ConnectionError as error:
                raise NotTakenError(str(error)) from error
            finally:
                self.moved_bytes += body.read_bytes

    def close(self) -> None:
        """Disconnect; safe to call twice."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _ask(
        self, method: str, name: str, headers: dict[str, str], body: _Body | None = None
    ) -> Reply:
        try:
            path = self._address.path + encoded_path(name)
            sha256 = body.digest.sha256 if body else None
            headers = self._with_credentials(method, path, headers, sha256)
            if self._connection is None:
                self._connection = self._connect()
            self._connection.request(method, path, body, headers)
            return self._reply(self._connection)
        except SinkError:
            self.close()  # the server waits for the rest of a body
            raise
        except ValueError as error:  # a letter that HTTP has not, in a key or an address
            self.close()
            raise ConnectionError(f"{self._address.host} cannot be asked: {error}") from error
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
            self.moved_bytes += len(chunk)
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


def _told_bytes(headers: dict[str, str], name: str) -> int:
    """Return the length that a server tells of a file; -1 if it tells none."""
    told = headers.get("content-length", "-1")
    try:
        return int(told)
    except ValueError as error:
        raise ConnectionError(f"the store answered Content-Length {told!r} of {name}") from error


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
        is_of_file = 400 <= reply.status < 500 and reply.status not in _NOT_OF_THE_FILE
        raise (NotTakenError if is_of_file else ConnectionError)(
            f"the store answered {reply.status} {http.client.responses.get(reply.status, '')} "
            f"of {name}"
        )
