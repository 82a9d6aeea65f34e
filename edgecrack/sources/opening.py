"""One opening of a source, in a thread of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError

if TYPE_CHECKING:
    from edgecrack.sources import Source

Open = Callable[[Sequence[tuple[int, int]], Callable[[], bool]], "Source"]
"""Opens a source for one of these inputs; gives up once the function says that none is wanted."""


class Opening(threading.Thread):
    """Opens a source, waits until it is wanted no more, and closes it.

    A daemon: the process may end while this hangs.

    Attributes:
        source: The source; there once ``is_decided`` is set and ``take_failure`` gives None.
        is_decided: Set when the source is open, or cannot be opened.
        has_ended: Set when all of it was let go.
    """

    source: Source

    def __init__(self, open_source: Open, inputs_px: Sequence[tuple[int, int]]) -> None:
        """Begin at once."""
        super().__init__(name="source", daemon=True)
        self._open, self._inputs_px = open_source, inputs_px
        self._failure: EdgecrackError | None = EdgecrackError(
            "the source stopped through a fault of its own; report the traceback printed above"
        )
        self._is_unwanted = threading.Event()
        self.is_decided, self.has_ended = threading.Event(), threading.Event()
        self.start()

    def run(self) -> None:
        """Open it, wait, close it."""
        unwanted = self._is_unwanted
        try:
            # It is handed no reference to this object, which holds it: nobody would free the two.
            with closing(self._open(self._inputs_px, lambda: not unwanted.is_set())) as self.source:
                self._failure = None
                self.is_decided.set()
                unwanted.wait()
        except EdgecrackError as error:
            self._failure = error
        finally:  # whatever happened, nobody may wait for a thread that is gone
            self.is_decided.set()
            self.has_ended.set()

    def leave(self) -> None:
        """Let it go as soon as it can; safe to call twice."""
        self._is_unwanted.set()

    def take_failure(self) -> EdgecrackError | None:
        """Return why there is no source, once: an error holds on to all that its functions held."""
        failure, self._failure = self._failure, None
        return failure
