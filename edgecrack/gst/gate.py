"""Lets one picture of a camera through each time that one is asked for: the newest.

What is behind the queue cannot be overtaken any more. Without a gate two pictures lie there, one in
the sink and one before it, while the network is at work: taken one after the other, each would be
as old as two rounds of the loop.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Gate:
    """Stands behind the queue that drops.

    Args:
        has_newer: Whether another picture waits in the queue.

    Example:
        >>> gate = Gate(lambda: False)
        >>> gate.ask()
        >>> gate.admits()
        True
    """

    def __init__(self, has_newer: Callable[[], bool]) -> None:
        self._has_newer = has_newer
        self._changed = threading.Condition()
        self._is_asked = self._is_open = False

    def ask(self) -> None:
        """Ask for a picture; to do so twice asks for one."""
        with self._changed:
            self._is_asked = True
            self._changed.notify_all()

    def admits(self) -> bool:
        """Wait until a picture is asked for; tell whether this one is it, or is to be dropped."""
        with self._changed:
            self._changed.wait_for(lambda: self._is_asked or self._is_open)
            if self._has_newer():
                return False
            self._is_asked = False
            return True

    def open(self) -> None:
        """Let everything through from now on: nobody will ask any more."""
        with self._changed:
            self._is_open = True
            self._changed.notify_all()
