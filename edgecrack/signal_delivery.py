"""Signals that reach the main thread even where it has just begun to wait.

Python runs a signal's handler in the main thread, between two of its instructions. A wait for a
lock is cut short by a signal that comes during the wait, but not by one that comes an instant
before it, nor by one that the system hands to another thread: the handler would run when the wait
ends, which may be never. So a thread listens for signals, too, and sends the main thread another
one, which only wakes it.
"""

from __future__ import annotations

import signal
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_WAKE = signal.SIGURG
"""A signal that is ignored by default, and whose handler here does nothing."""

_WAKE_AFTER_S = 0.1
"""How long a handler may take before it counts as not run; then the wait has surely begun."""


@contextmanager
def prompt_signals() -> Iterator[None]:
    """Have handlers run at once whatever the main thread waits for; in the main thread only."""
    listening, told = socket.socketpair()
    told.settimeout(0)  # as set_wakeup_fd wants it
    before = signal.signal(_WAKE, _do_nothing)
    descriptor_before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
    thread = threading.Thread(target=_wake_main, args=(listening,), name="signals", daemon=True)
    thread.start()
    try:
        yield
    finally:
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
