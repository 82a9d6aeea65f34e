"""A function called in a process of its own: load time and peak memory are then its alone."""

from __future__ import annotations

import multiprocessing
import signal
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection
from typing import TYPE_CHECKING, Any, TypeVar

from edgecrack.child_process import child_command
from edgecrack.errors import EdgecrackError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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
    ours, theirs = multiprocessing.Pipe()
    command = child_command("edgecrack.bench.apart", str(theirs.fileno()))
    with ExitStack() as stack:
        with _ctrl_c_blocked():
            process = subprocess.Popen(  # noqa: S603  our own module
                command, stdin=subprocess.DEVNULL, pass_fds=(theirs.fileno(),)
            )
            stack.callback(_end, process)
        theirs.close()
        try:
            ours.send((function, arguments))
            outcome: Any = ours.recv()
        except (EOFError, OSError) as error:
            raise EdgecrackError(
                f"{what} must come to an end, but its process ended with {process.wait()}; look at "
                "what it printed, or leave it out."
            ) from error
    if isinstance(outcome, EdgecrackError):
        raise outcome
    result: _Result = outcome
    return result


def _end(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Block Ctrl-C, for the process that is started too: it reaches the parent, which ends that."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _answer(asked: Connection) -> None:
    try:
        function, arguments = asked.recv()
    except EOFError:  # whoever began to ask is gone
        return
    try:
        asked.send(function(*arguments))
    except EdgecrackError as error:
        asked.send(error)


if __name__ == "__main__":
    _answer(Connection(int(sys.argv[1])))
