"""Asking a unit that runs to change to another model: what is said over its socket, and by whom.

One line of JSON there, one back, and the connection is over::

    {"path": "/var/lib/edgecrack/models/releases/7-0123456789ab", "digest": "<64 hex digits>"}
    {"accepted": true, "first_frame": 4711}
    {"accepted": false, "reason": "bundle ... must give the answers it promises, but ..."}

The digest is the SHA-256 of the bundle's ``manifest.json``, which holds all others. Who got no
answer asks again: for the model that runs by then the answer is the frame that it began with.
"""

from __future__ import annotations

import json
import re
import socket
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from edgecrack.errors import SourceError, UsageError

SOCKET_NAME = "edgecrack.sock"
MOST_BYTES = 64 * 1024
"""Of a line."""

BUSY = "busy with another request; ask again when that is answered"

_DIGEST = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class SwapRequest:
    """Which model a unit is to change to.

    Attributes:
        path: Folder of its bundle, absolute.
        sha256: Identity of the bundle.
    """

    path: Path
    sha256: str

    def to_line(self) -> bytes:
        """Return what is sent.

        Raises:
            UsageError: The path is too long for a line.
        """
        line = json.dumps({"path": str(self.path), "digest": self.sha256}).encode() + b"\n"
        if len(line) > MOST_BYTES:
            raise UsageError(f"a request must be at most {MOST_BYTES} bytes, not {len(line)}")
        return line

    @classmethod
    def of_line(cls, line: bytes) -> SwapRequest:
        r"""Read what was sent, and refuse everything else.

        Raises:
            UsageError: It is no request.

        Example:
            >>> SwapRequest.of_line(b'{"path": "/models/7", "digest": "' + b"0" * 64 + b'"}\n').path
            PosixPath('/models/7')
        """
        try:
            values = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise UsageError("a request must be a line of JSON, and is none") from error
        if not isinstance(values, dict) or set(values) != {"path", "digest"}:
            raise UsageError('a request must have "path" and "digest", and nothing else')
        path, digest = values["path"], values["digest"]
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise UsageError("digest must be the SHA-256 of a manifest.json in 64 hex digits")
        if not isinstance(path, str) or "\0" in path or not Path(path).is_absolute():
            raise UsageError("path must be the absolute path of a bundle's folder")
        return cls(Path(path), digest)


@dataclass(frozen=True, slots=True)
class SwapReply:
    """What a unit answers.

    Attributes:
        first_frame: Number of the first frame of the new model; None where it was refused.
        reason: Why it was refused; empty where it was not.
    """

    first_frame: int | None
    reason: str = ""

    @property
    def accepted(self) -> bool:
        """Whether the unit runs that model now."""
        return self.first_frame is not None

    def to_line(self) -> bytes:
        """Return what is sent."""
        values = {"accepted": self.accepted} | (
            {"first_frame": self.first_frame} if self.accepted else {"reason": self.reason}
        )
        return json.dumps(values).encode() + b"\n"

    @classmethod
    def of_line(cls, line: bytes) -> SwapReply:
        r"""Read what a unit answered.

        Raises:
            SourceError: It is no answer.

        Example:
            >>> SwapReply.of_line(b'{"accepted": true, "first_frame": 7}\n')
            SwapReply(first_frame=7, reason='')
        """
        try:
            values = json.loads(line)
            if values["accepted"] is True:
                return cls(int(values["first_frame"]))
            return cls(None, str(values["reason"]))
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise SourceError(
                "the unit must answer with a line of JSON, and did not; look into its journal, and "
                "ask again"
            ) from error


def request_swap(unit: Path, bundle: Path, sha256: str, timeout_s: float = 1800.0) -> SwapReply:
    """Ask a unit to change to another model, and wait for its answer.

    The proof may take minutes, where TensorRT builds engines. Whoever asked switches the link
    ``current`` afterwards, and only if the answer is yes: see `edgecrack.models.swap_socket`.

    Args:
        unit: Its socket.
        bundle: Folder of the bundle, as the unit sees it.
        sha256: Identity of the bundle: SHA-256 of its ``manifest.json``.
        timeout_s: How long to wait for each part of the answer.

    Raises:
        UsageError: The path is too long to be sent.
        SourceError: No unit answers there, or it ended before it did.
    """
    line = SwapRequest(bundle.absolute(), sha256).to_line()
    try:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(timeout_s)
            connection.connect(str(unit))
            with suppress(BrokenPipeError):  # it has answered already: busy
                connection.sendall(line)
            answer = b""
            while not answer.endswith(b"\n") and len(answer) <= MOST_BYTES:
                part = connection.recv(MOST_BYTES)
                if not part:
                    break
                answer += part
    except OSError as error:
        reason = error.strerror or error
        raise SourceError(
            f"a unit must answer at {unit}, but: {reason}; is it running, has its first frame come?"
        ) from error
    return SwapReply.of_line(answer)
