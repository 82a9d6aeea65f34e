"""What a person may type for a source, understood; and written again without its secrets."""

from __future__ import annotations

import os
import re
import string
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlsplit

from edgecrack.errors import UsageError
from edgecrack.printable import printable
from edgecrack.redaction import redact_address

if TYPE_CHECKING:
    from collections.abc import Sequence

_IN_URI = string.ascii_letters + string.digits + string.punctuation


class Kind(Enum):
    """The kinds of source a URI can name."""

    FILE = "file"
    SERVER = "server"
    STREAM = "stream"
    CAMERA = "camera"
    CSI = "csi"
    PATTERN = "pattern"


_KINDS = {
    "file": Kind.FILE,
    "http": Kind.SERVER,
    "https": Kind.SERVER,
    "rtsp": Kind.STREAM,
    "rtsps": Kind.STREAM,
    "v4l2": Kind.CAMERA,
    "csi": Kind.CSI,
    "test": Kind.PATTERN,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a source is.

    Attributes:
        kind: What it is.
        target: A path for a file or a camera, the number of a CSI camera, a URI for a server, the
            parameters of a pattern.
        name: The same for people, printable and without secrets.
        query: What a camera is asked for; see `parse_camera_mode`.
    """

    kind: Kind
    target: str
    name: str
    query: str = ""


def parse_address(spec: str) -> Address:
    """Understand a path or a URI.

    Raises:
        UsageError: A scheme that is not known, or a URI that is none.

    Example:
        >>> parse_address("v4l2:///dev/video0").target
        '/dev/video0'
    """
    name = printable(redact_address(spec))
    scheme, colon, _ = spec.partition(":")
    # A path may hold a colon: only a known scheme, or "://", makes a URI.
    if not colon or (scheme not in _KINDS and "://" not in spec):
        return Address(Kind.FILE, spec, name)
    if scheme not in _KINDS:
        known = ", ".join(f"{known}:" for known in _KINDS)
        raise UsageError(f"{name} begins with none of {known}, and is no path")
    kind, parts = _KINDS[scheme], _split(spec, name)
    if kind in (Kind.FILE, Kind.CAMERA):
        path = os.fsdecode(unquote_to_bytes(os.fsencode(parts.path)))
        return Address(kind, path, name, parts.query if kind is Kind.CAMERA else "")
    if kind is Kind.CSI:
        return Address(kind, _sensor(parts, name), name, parts.query)
    if kind is Kind.PATTERN:
        return Address(kind, parts.query, name)
    # Without white space, so that whoever quotes the URI shows where it ends.
    return Address(kind, quote(spec, safe=_IN_URI, errors="surrogateescape"), name)


def _split(spec: str, name: str) -> SplitResult:
    try:
        return urlsplit(spec)
    except ValueError as error:  # such as a bracket that is never closed
        raise UsageError(f"{name} must be a URI, and is none: {error}") from error


def _sensor(parts: SplitResult, name: str) -> str:
    number = f"{parts.netloc}{parts.path}".strip("/") or "0"
    if not re.fullmatch("[0-9]{1,2}", number):
        raise UsageError(f"{name} must name a CSI camera by its number, such as csi://0")
    return str(int(number))


@dataclass(frozen=True, slots=True)
class Pattern:
    """A test picture that moves.

    Attributes:
        width_px: Its width.
        height_px: Its height.
        fps: Whole frames a second.
        frames: How many; None means without end.
    """

    width_px: int = 640
    height_px: int = 360
    fps: int = 25
    frames: int | None = None


_PARAMETERS = {"width": 8192, "height": 8192, "fps": 240, "frames": 2**31 - 1}


def parse_pattern(query: str) -> Pattern:
    """Understand the parameters of ``test:``.

    Raises:
        UsageError: An unknown parameter, or a value out of range.

    Example:
        >>> parse_pattern("width=320&frames=10")
        Pattern(width_px=320, height_px=360, fps=25, frames=10)
    """
    values = {
        {"width": "width_px", "height": "height_px"}.get(name, name): whole_number(
            name, value, _PARAMETERS[name], "test:"
        )
        for name, value in parse_query(query, tuple(_PARAMETERS), "test:").items()
    }
    return Pattern(**values)


def parse_query(query: str, names: Sequence[str], scheme: str) -> dict[str, str]:
    """Return the parameters of an address by their names.

    Args:
        query: What stands behind the question mark.
        names: Those that are known.
        scheme: Whose they are, for the message.

    Raises:
        UsageError: One that is not known.
    """
    values = dict(parse_qsl(query, keep_blank_values=True))
    for name in values:
        if name not in names:
            raise UsageError(f"{scheme} knows {', '.join(names)} and not {name!r}")
    return values


def whole_number(name: str, text: str, most: int, scheme: str) -> int:
    """Return the value of a parameter.

    Raises:
        UsageError: It is no whole number from 1 to ``most``.
    """
    number = int(text) if re.fullmatch("[0-9]{1,10}", text) else 0
    if not 1 <= number <= most:
        raise UsageError(f"{scheme} wants {name} as a whole number from 1 to {most}, not {text!r}")
    return number
