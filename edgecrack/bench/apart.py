"""A function called in a process of its own: load time and peak memory are then its alone."""

from __future__ import annotations

import multiprocessing
import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

from edgecrack.errors import EdgecrackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    with _ctrl_c_blocked():
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


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Block Ctrl-C, for the process that is started too: it reaches the parent, which ends that."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _send(sender: Connection, function: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    try:
        sender.send(function(*arguments))
    except EdgecrackError as error:
        sender.send(error)
