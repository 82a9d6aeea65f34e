"""What may be written after ``--stream``, and what it means. Pure text."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import parse_qsl, unquote, urlsplit

from edgecrack.loopback import is_loopback
from edgecrack.printable import printable
from edgecrack.redaction import redact_address

if TYPE_CHECKING:
    from urllib.parse import SplitResult

LOOPBACK = "127.0.0.1"
"""Where a server listens unless its address names a host: nobody else sees the road by accident."""

EXAMPLES = "rtsp://:8554/live, srt://host:9000, srt://:9000, udp://host:5000 or hls:folder"

_LEAST_PASSPHRASE, _MOST_PASSPHRASE = 10, 79  # of SRT
_MOST_LATENCY_MS = 10_000
_SRT_PARAMETERS = ("latency", "mode", "passphrase", "streamid")


class StreamKind(Enum):
    """The ways in which pictures go out."""

    RTSP = "rtsp"
    SRT = "srt"
    UDP = "udp"
    HLS = "hls"


@dataclass(frozen=True, slots=True)
class StreamAddress:
    """Where pictures go.

    Attributes:
        kind: How they go.
        name: The address for people, printable and without secrets.
        host: Where to listen, or whom to send to; empty for HLS.
        port: At which port.
        path: Of RTSP, with its slash; of HLS, the folder.
        user: Who may look, over RTSP; empty for all.
        password: With which password.
        is_listener: SRT waits to be called, rather than calls.
        latency_ms: Of SRT: how long a lost packet may be sent again.
        passphrase: Of SRT: encrypts; empty for none.
        streamid: Of SRT: what a server that is called sorts streams by.
    """

    kind: StreamKind
    name: str
    host: str = ""
    port: int = 0
    path: str = ""
    user: str = ""
    password: str = ""
    is_listener: bool = False
    latency_ms: int = 125
    passphrase: str = ""
    streamid: str = ""

    def __repr__(self) -> str:
        """Return it without secrets."""
        return f"StreamAddress({self.name!r})"

    @property
    def open_to(self) -> str:
        """Who may look though nobody meant it, and what to do; empty where that is guarded."""
        is_listener = self.is_listener or self.kind is StreamKind.RTSP
        if not is_listener or self.user or self.passphrase or is_loopback(self.host):
            return ""
        guard = "a user and a password" if self.kind is StreamKind.RTSP else "a passphrase"
        return (
            f"whoever reaches port {self.port} of {self.host} may look, without a password; give "
            f"stream.address {guard}, or name no host in it"
        )


def parse_stream_address(text: str) -> StreamAddress:
    """Understand an address.

    Raises:
        ValueError: It cannot be; the message begins with ``address``, and holds no secret.

    Example:
        >>> parse_stream_address("rtsp://:8554/live").host
        '127.0.0.1'
        >>> parse_stream_address("srt://:9000").is_listener
        True
    """
    name = printable(redact_address(text))
    scheme, colon, rest = text.partition(":")
    if not colon or scheme not in {kind.value for kind in StreamKind}:
        raise ValueError(f"address must be such as {EXAMPLES}, not {name!r}")
    kind = StreamKind(scheme)
    if kind is StreamKind.HLS:
        return _hls(rest, name)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError as error:  # such as a bracket that is never closed, or a port of letters
        raise ValueError(f"address must be a URI, and {name!r} is none") from error
    if not text.startswith(f"{scheme}://") or parts.fragment:
        raise ValueError(f"address must be such as {EXAMPLES}, not {name!r}")
    if kind is StreamKind.RTSP:
        return _rtsp(parts, name, port)
    if parts.username is not None or parts.path not in {"", "/"}:
        raise ValueError(f"address must be a host and a port after {scheme}://, not {name!r}")
    if not port:
        raise ValueError(f"address must name a port, such as {scheme}://host:9000, not {name!r}")
    return (_srt if kind is StreamKind.SRT else _udp)(parts, name, port)


def _hls(folder: str, name: str) -> StreamAddress:
    if not folder or folder.startswith("//"):
        raise ValueError(f"address must name a folder, such as hls:/run/live, not {name!r}")
    try:
        folder.encode()
    except UnicodeEncodeError as error:  # GStreamer takes the names of files as UTF-8
        raise ValueError(f"address must name a folder in UTF-8, not {name!r}") from error
    return StreamAddress(StreamKind.HLS, name, path=folder)


def _rtsp(parts: SplitResult, name: str, port: int | None) -> StreamAddress:
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if parts.username is not None and not (user and password):
        raise ValueError(f"address must name a user and a password, or neither, not {name!r}")
    if parts.query or port == 0 or not re.fullmatch(r"(/[\w.-]+)*/?", parts.path, re.ASCII):
        raise ValueError(f"address must be such as rtsp://:8554/live, not {name!r}")
    return StreamAddress(
        StreamKind.RTSP,
        name,
        host=parts.hostname or LOOPBACK,
        port=port or 8554,
        path=parts.path.rstrip("/") or "/live",
        user=user,
        password=password,
    )


def _srt(parts: SplitResult, name: str, port: int) -> StreamAddress:
    asked = dict(parse_qsl(parts.query, keep_blank_values=True))
    unknown = sorted(set(asked) - set(_SRT_PARAMETERS))
    if unknown:
        known = ", ".join(_SRT_PARAMETERS)
        raise ValueError(f"address knows {known} after srt://, not {printable(unknown[0])!r}")
    mode = asked.get("mode") or ("caller" if parts.hostname else "listener")
    if mode not in {"caller", "listener"} or (mode == "caller" and not parts.hostname):
        raise ValueError(
            f"address must be srt://host:9000 to call, or srt://:9000 to be called, not {name!r}"
        )
    passphrase = asked.get("passphrase", "")
    if passphrase and not _LEAST_PASSPHRASE <= len(passphrase.encode()) <= _MOST_PASSPHRASE:
        least, most = _LEAST_PASSPHRASE, _MOST_PASSPHRASE
        raise ValueError(f"address must have a passphrase of {least} to {most} letters")
    latency = asked.get("latency", "125")
    if not re.fullmatch("[0-9]{1,5}", latency) or int(latency) > _MOST_LATENCY_MS:
        raise ValueError(f"address must have a latency of 0 to {_MOST_LATENCY_MS} ms")
    return StreamAddress(
        StreamKind.SRT,
        name,
        host=parts.hostname or LOOPBACK,
        port=port,
        is_listener=mode == "listener",
        latency_ms=int(latency),
        passphrase=passphrase,
        streamid=asked.get("streamid", ""),
    )


def _udp(parts: SplitResult, name: str, port: int) -> StreamAddress:
    if not parts.hostname or parts.query:
        raise ValueError(f"address must be such as udp://192.168.1.7:5000, not {name!r}")
    return StreamAddress(StreamKind.UDP, name, host=parts.hostname, port=port)
