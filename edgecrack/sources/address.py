"""What a person may type for a source, understood; and written again without its secrets."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from urllib.parse import parse_qsl, unquote, urlsplit

from edgecrack.errors import UsageError

_USER = re.compile(r"(?<=://)[^/?#\s]*@")
_SECRET = re.compile(
    r"(?i)\b(user(?:name)?|login|pass(?:word|wd)?|pwd|token|secret|auth|(?:api_?)?key|sig(?:nature)?)"
    r"=[^&#\s/]*"
)


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
        name: The same for people, without passwords.
    """

    kind: Kind
    target: str
    name: str


def parse_address(spec: str) -> Address:
    """Understand a path or a URI.

    Raises:
        UsageError: A scheme that is not known.

    Example:
        >>> parse_address("v4l2:///dev/video0").target
        '/dev/video0'
    """
    scheme, colon, _ = spec.partition(":")
    # A path may hold a colon: only a known scheme, or "://", makes a URI.
    if not colon or (scheme not in _KINDS and "://" not in spec):
        return Address(Kind.FILE, spec, spec)
    if scheme not in _KINDS:
        known = ", ".join(f"{name}:" for name in _KINDS)
        raise UsageError(f"{redact(spec)} begins with none of {known}, and is no path")
    kind = _KINDS[scheme]
    parts = urlsplit(spec)
    if kind in (Kind.FILE, Kind.CAMERA):
        return Address(kind, unquote(parts.path), redact(spec))
    return Address(kind, parts.query if kind is Kind.PATTERN else spec, redact(spec))


def redact(text: str) -> str:
    """Replace user names, passwords and tokens in any URI within a text.

    Example:
        >>> redact("rtsp://me:secret@cam/1?token=abc&channel=2")
        'rtsp://***@cam/1?token=***&channel=2'
    """
    return _SECRET.sub(r"\1=***", _USER.sub("***@", text))


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
