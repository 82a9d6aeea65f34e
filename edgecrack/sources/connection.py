"""Why a server cannot be reached, in the system's own words."""

from __future__ import annotations

import socket
from urllib.parse import urlsplit

_PORTS = {"http": 80, "https": 443, "rtsp": 554, "rtsps": 322}
_PATIENCE_S = 3.0


def address_problem(uri: str) -> str | None:
    """Say why no server can ever have this URI; None where one could.

    Example:
        >>> address_problem("rtsp://camera:99999/1")
        'the URI names no port that a server can have; write / # and ? of a password as %xx'
        >>> address_problem("rtsp://camera/1")
    """
    parts = urlsplit(uri)
    try:
        port = parts.port
    except ValueError:  # it may quote a piece of a password that holds a slash
        port = 0
    if port == 0:
        return "the URI names no port that a server can have; write / # and ? of a password as %xx"
    return None if parts.hostname else "the URI names no server"


def connection_problem(uri: str) -> str | None:
    """Try to connect to the server of a URI; return what the system says against it, or None.

    GStreamer's elements say of a server that is down only that no data came.
    """
    problem = address_problem(uri)
    if problem is not None:
        return problem
    parts = urlsplit(uri)
    try:
        address = parts.hostname or "", parts.port or _PORTS.get(parts.scheme, 0)
        with socket.create_connection(address, _PATIENCE_S):
            return None
    except OSError as error:
        return error.strerror or str(error)
