"""Signals that reach the main thread even where it has just begun to wait.

Python runs a signal's handler in the main thread, between two of its instructions. A wait for a
lock is cut short by a signal that comes during the wait, but not by one that comes an instant
before it, nor by one that the system hands to another thread: the handler would run when the wait
ends, which may be never. So a thread listens for signals, too, and sends the main thread another
one, which only wakes it.

Nor does it help to raise an exception in a function that a library calls: it ends there, printed
and forgotten. Such functions are marked (`library_callback`), and a handler that is run in one of
them asks for its signal once more (`come_again_outside_callbacks`).
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import CodeType, FrameType

_Function = TypeVar("_Function", bound="Callable[..., Any]")

_WAKE = signal.SIGURG
"""A signal that is ignored by default, and whose handler here does nothing."""

_WAKE_AFTER_S = 0.1
"""How long a handler may take before it counts as not run; then the wait has surely begun."""


_AGAIN = 0
"""What is told to the thread, where it is told of signals, when one is to come again."""

_callbacks: set[CodeType] = set()
_to_come_again: list[int] = []
_told: list[socket.socket] = []
"""Where the thread listens, as long as there is one."""


def library_callback(function: _Function) -> _Function:
    """Mark a function that a library calls, which would swallow what it raises."""
    _callbacks.add(function.__code__)
    return function


def come_again_outside_callbacks(number: int, frame: FrameType | None) -> bool:
    """Have a signal come again in a moment where it was noticed within a library's callback.

    Args:
        number: The signal, as its handler is told.
        frame: Where it was noticed, as its handler is told.

    Returns:
        Whether it comes again; no otherwise, nor where `prompt_signals` is not at work.
    """
    while frame is not None and frame.f_code not in _callbacks:
        frame = frame.f_back
    if frame is None or not _told:
        return False
    _to_come_again.append(number)
    _told[-1].send(bytes([_AGAIN]))
    return True


@contextmanager
def prompt_signals() -> Iterator[None]:
    """Have handlers run at once whatever the main thread waits for; in the main thread only."""
    listening, told = socket.socketpair()
    told.settimeout(0)  # as set_wakeup_fd wants it
    before = signal.signal(_WAKE, _do_nothing)
    descriptor_before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=_wake_main, args=(listening,), name="signals", daemon=True)
    thread.start()
    _told.append(told)
    try:
        yield
    finally:
        _told.remove(told)
        signal.set_wakeup_fd(descriptor_before)
        told.close()  # ends the thread
        thread.join()
        listening.close()
        signal.signal(_WAKE, before)


def _do_nothing(*_signal: object) -> None:
    """Let a wait be cut short, look for handlers to run, and begin again."""


def _wake_main(listening: socket.socket) -> None:
    main = threading.main_thread().ident
    assert main is not None  # noqa: S101  for mypy: it runs
    while numbers := listening.recv(64):
        if set(numbers) != {_WAKE}:
            time.sleep(_WAKE_AFTER_S)
            signal.pthread_kill(main, _WAKE)
            while _to_come_again:
                signal.pthread_kill(main, _to_come_again.pop(0))
