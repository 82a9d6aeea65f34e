"""Addresses without their secrets: what is shown and stored of a URI.

Which part of a URI is secret cannot be told from its name, so every value is left out: user and
password up to the last ``@``, and whatever follows an ``=`` or a ``?``. Only the addresses of this
machine keep their parameters.
"""

from __future__ import annotations

import re

_HIDDEN = "***"
_SCHEME = re.compile(r"(?<![\w+.-])[A-Za-z][A-Za-z0-9+.-]*:(?=\S)/{0,2}")
_LOCAL = re.compile("test:|csi:|(?:file|serial|v4l2):///")
_AFTER_URI = "'\"`)]},.;:"  # punctuation of the sentence around it


def is_remote(address: str) -> bool:
    """Tell whether this is a URI such as ``https://host/x``, also after a path lost a slash of it.

    Example:
        >>> is_remote("https:/host/a.gpx"), is_remote("file:///a.gpx"), is_remote("a:b.gpx")
        (True, False, False)
    """
    scheme = _SCHEME.match(address)
    return scheme is not None and scheme[0].endswith("/") and not _LOCAL.match(address)


def redact_address(address: str) -> str:
    """Return a whole address without its secrets; a path is returned as it is.

    Example:
        >>> redact_address("rtsp://me:secret@cam/1?token=abc&channel=2")
        'rtsp://***@cam/1?token=***&channel=***'
    """
    scheme = _SCHEME.match(address)
    if scheme is None or _LOCAL.match(address):
        return address
    user, at, place = address[scheme.end() :].rpartition("@")
    if at and ("?" in user or "=" in user):  # the @ may be of a value, and what follows its rest
        return scheme[0] + _HIDDEN
    parameters_at = _parameters_at(place)
    values = "&".join(_without_value(part) for part in place[parameters_at:].split("&"))
    return f"{scheme[0]}{_HIDDEN if at else ''}{at}{place[:parameters_at]}{values}"


def redact(text: str) -> str:
    """Return a text in which every address is without its secrets.

    The end of an address is not always to be told: everything up to the last ``@`` of the text is
    taken for its user and password, and the address ends with the next white space.

    Example:
        >>> redact("could not open 'rtsp://me:a b@cam/1': no route to host")
        "could not open 'rtsp://***@cam/1': no route to host"
    """
    shown, at, last_at = "", 0, text.rfind("@")
    while (scheme := _SCHEME.search(text, at)) is not None:
        start = scheme.start()
        user_end = -1 if _LOCAL.match(text, start) else last_at
        end = re.compile(r"\s|$").search(text, max(scheme.end(), user_end))
        whole = text[start : end.start() if end else len(text)]
        address = whole.rstrip(_AFTER_URI)
        shown += text[at:start] + redact_address(address) + whole[len(address) :]
        at = start + len(whole)
    return shown + text[at:]


def _parameters_at(place: str) -> int:
    """Return where parameters begin: after the ``?``, or in the path, as in ``cam/user=joe&id=1``.

    A value may hold any further ``?`` and ``=``.
    """
    first = re.search(r"[?=]", place)
    if first is None:
        return len(place)
    return first.end() if first[0] == "?" else place.rfind("/", 0, first.start()) + 1


def _without_value(part: str) -> str:
    name, equals, _ = part.partition("=")
    return f"{name}={_HIDDEN}" if equals else _HIDDEN if part else ""
