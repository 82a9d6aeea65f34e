"""A function called in a process of its own: load time and peak memory are then its alone."""

from __future__ import annotations

import multiprocessing
import signal
from typing import TYPE_CHECKING, Any, TypeVar

from edgecrack.errors import EdgecrackError

if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.connection import Connection

_Result = TypeVar("_Result")


def apart(what: str, function: Callable[..., _Result], *arguments: object) -> _Result:
    """Return what a function returns in a new process.

    Args:
        what: What it does, for the error.
        function: Of a module, so that the process finds it.
        arguments: What it is given; copied.

    Raises:
        EdgecrackError: What the function raised there, or the process ended without an answer.
    """
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_send, args=(sender, function, arguments), daemon=True)
    process.start()
    sender.close()
    try:
        outcome: Any = receiver.recv()
    except EOFError as error:
        process.join()
        raise EdgecrackError(
            f"{what} must come to an end, but its process ended with {process.exitcode}; look at "
            "what it printed, or leave it out."
        ) from error
    finally:
        process.terminate()
        process.join()
    if isinstance(outcome, EdgecrackError):
        raise outcome
    result: _Result = outcome
    return result


def _send(sender: Connection, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the parent, which ends this
    try:
        sender.send(function(*arguments))
    except EdgecrackError as error:
        sender.send(error)
