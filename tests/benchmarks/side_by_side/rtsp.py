"""The words of an RTSP camera: replies, a description of its stream, packets of H.264. Pure.

RTSP is RFC 7826's older sibling, RFC 2326; the packets are RFC 6184's, carried in the connection
itself (RFC 2326, 10.12), so that none is lost on the way.
"""

from __future__ import annotations

import base64
import re
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

CLOCK_HZ = 90_000
_PAYLOAD_TYPE, _SOURCE = 96, 0x0EDC
_MOST_BYTES = 1400
_FRAGMENT = 28
_SEQUENCE, _PICTURE = 7, 8  # kinds of parameter sets


@dataclass(frozen=True, slots=True)
class Request:
    """What a client asks.

    Attributes:
        method: Such as ``PLAY``.
        address: Of the stream or of a track.
        headers: By their names in small letters.
    """

    method: str
    address: str
    headers: Mapping[str, str]


def parse_request(text: str) -> Request:
    r"""Understand a request.

    Example:
        >>> parse_request("PLAY rtsp://here/ RTSP/1.0\r\nCSeq: 4\r\n").headers
        {'cseq': '4'}
    """
    first, *lines = text.strip().splitlines()
    method, address, _ = first.split(" ", 2)
    pairs = (line.partition(":") for line in lines)
    return Request(method, address, {name.lower(): value.strip() for name, _, value in pairs})


def reply(request: Request, parameter_sets: list[bytes]) -> bytes:
    """Return the answer to a request."""
    status, headers, body = "200 OK", {"CSeq": request.headers.get("cseq", "0")}, ""
    if request.method == "OPTIONS":
        headers["Public"] = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
    elif request.method == "DESCRIBE":
        body = _description(parameter_sets)
        headers["Content-Base"] = request.address.rstrip("/") + "/"
        headers |= {"Content-Type": "application/sdp", "Content-Length": str(len(body))}
    elif request.method == "SETUP" and "TCP" not in request.headers.get("transport", ""):
        status = "461 Unsupported Transport"
    elif request.method == "SETUP":
        headers["Transport"] = "RTP/AVP/TCP;unicast;interleaved=0-1"
        headers["Session"] = "1"
    else:
        headers["Session"] = "1"
    lines = [f"RTSP/1.0 {status}", *(f"{name}: {value}" for name, value in headers.items())]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _description(parameter_sets: list[bytes]) -> str:
    sets = ",".join(base64.b64encode(each).decode() for each in parameter_sets)
    lines = (
        *("v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=clip", "t=0 0", "a=control:*"),
        f"m=video 0 RTP/AVP {_PAYLOAD_TYPE}",
        "c=IN IP4 0.0.0.0",
        f"a=rtpmap:{_PAYLOAD_TYPE} H264/{CLOCK_HZ}",
        f"a=fmtp:{_PAYLOAD_TYPE} packetization-mode=1;sprop-parameter-sets={sets}",
        "a=control:track1",
    )
    return "\r\n".join(lines) + "\r\n"


def units(coded_picture: bytes) -> list[bytes]:
    r"""Return the units of a picture that is written with start codes.

    Example:
        >>> units(b"\0\0\0\1\x67ab\0\0\1\x65cd")
        [b'gab', b'ecd']
    """
    return [unit for unit in re.split(b"\0\0\0?\1", coded_picture) if unit]


def parameter_sets(coded_picture: bytes) -> list[bytes]:
    """Return what a decoder must know before the first picture; a key picture holds it."""
    return [unit for unit in units(coded_picture) if unit[0] & 31 in (_SEQUENCE, _PICTURE)]


class Packets:
    """Numbers the packets of one connection."""

    def __init__(self) -> None:
        self._next = 0

    def of(self, coded_picture: bytes, at_clock: int) -> bytes:
        """Return a whole picture as packets within the connection.

        Args:
            coded_picture: With start codes.
            at_clock: Its time, of `CLOCK_HZ` a second.
        """
        payloads = [each for unit in units(coded_picture) for each in _payloads(unit)]
        last = len(payloads) - 1
        packets = (
            self._packet(payload, at_clock, is_last=place == last)
            for place, payload in enumerate(payloads)
        )
        return b"".join(b"$\0" + struct.pack(">H", len(packet)) + packet for packet in packets)

    def _packet(self, payload: bytes, at_clock: int, *, is_last: bool) -> bytes:
        number, self._next = self._next, (self._next + 1) % 2**16
        kind = _PAYLOAD_TYPE | (0x80 if is_last else 0)
        return struct.pack(">BBHII", 0x80, kind, number, at_clock % 2**32, _SOURCE) + payload


def _payloads(unit: bytes) -> Iterator[bytes]:
    if len(unit) <= _MOST_BYTES:
        yield unit
        return
    indicator, kind = unit[0] & 0xE0 | _FRAGMENT, unit[0] & 31
    rest = unit[1:]
    for begin in range(0, len(rest), _MOST_BYTES):
        is_first, is_last = begin == 0, begin + _MOST_BYTES >= len(rest)
        header = kind | (0x80 if is_first else 0) | (0x40 if is_last else 0)
        yield bytes((indicator, header)) + rest[begin : begin + _MOST_BYTES]
