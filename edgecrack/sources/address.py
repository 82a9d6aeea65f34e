"""What a person may type for a source, understood; and written again without its secrets."""

from __future__ import annotations

import os
import re
import string
from dataclasses import dataclass
from enum import Enum
from urllib.parse import SplitResult, parse_qsl, quote, unquote_to_bytes, urlsplit

from edgecrack.errors import UsageError
from edgecrack.printable import printable
from edgecrack.redaction import redact_address

_IN_URI = string.ascii_letters + string.digits + string.punctuation


class Kind(Enum):
    """The kinds of source a URI can name."""

    FILE = "file"
    SERVER = "server"
    STREAM = "stream"
    CAMERA = "camera"
    PATTERN = "pattern"


_KINDS = {
    "file": Kind.FILE,
    "http": Kind.SERVER,
    "https": Kind.SERVER,
    "rtsp": Kind.STREAM,
    "rtsps": Kind.STREAM,
    "v4l2": Kind.CAMERA,
    "test": Kind.PATTERN,
}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a source is.

    Attributes:
        kind: What it is.
        target: A path for a file or a camera, a URI for a server, the parameters of a pattern.
        name: The same for people, printable and without secrets.
    """

    kind: Kind
    target: str
    name: str


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
        return Address(kind, os.fsdecode(unquote_to_bytes(os.fsencode(parts.path))), name)
    if kind is Kind.PATTERN:
        return Address(kind, parts.query, name)
    # Without white space, so that whoever quotes the URI shows where it ends.
    return Address(kind, quote(spec, safe=_IN_URI, errors="surrogateescape"), name)


def _split(spec: str, name: str) -> SplitResult:
    try:
        return urlsplit(spec)
    except ValueError as error:  # such as a bracket that is never closed
        raise UsageError(f"{name} must be a URI, and is none: {error}") from error


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
    values: dict[str, int] = {}
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name not in _PARAMETERS:
            raise UsageError(f"test: knows {', '.join(_PARAMETERS)} and not {name!r}")
        number = int(value) if re.fullmatch("[0-9]{1,10}", value) else 0
        if not 1 <= number <= _PARAMETERS[name]:
            raise UsageError(
                f"test: wants {name} as a whole number from 1 to {_PARAMETERS[name]}, not {value!r}"
            )
        values[{"width": "width_px", "height": "height_px"}.get(name, name)] = number
    return Pattern(**values)
