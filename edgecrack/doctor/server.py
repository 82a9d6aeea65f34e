"""Servers that a unit sends to: whether they answer on their port."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from edgecrack.doctor.attempt import Attempt
from edgecrack.doctor.line import warn

if TYPE_CHECKING:
    from edgecrack.doctor.line import Finding

PATIENCE_S = 2.0
"""Also bounds the question for the name, which has no limit of its own."""


def silent(what: str, key: str, host: str, port: int) -> Finding | None:
    """Return that a server does not answer, which is no failure: networks come and go.

    Args:
        what: Such as ``the broker``.
        key: What names it, such as ``mqtt.address``.
        host: Its name.
        port: Its port.
    """
    attempt = Attempt(lambda: _problem(host, port), PATIENCE_S)
    problem = attempt.problem if attempt.result is None else attempt.result
    if not problem:
        return None
    return warn(
        f"{what} at port {port} of {host} cannot be reached now: {problem}",
        f"if the network is there, correct {key} or look at the server",
    )


def _problem(host: str, port: int) -> str:
    try:
        socket.create_connection((host, port), PATIENCE_S).close()
    except OSError as error:
        return error.strerror or str(error)
    return ""
