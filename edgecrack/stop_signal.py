"""A request to end a run early: what Ctrl-C and SIGTERM do."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_Item = TypeVar("_Item")


class StopSignal:
    """A request to end. Waiting for a picture is cut short; nothing else is interrupted.

    Attributes:
        asked: Whether the end was asked for.

    Example:
        >>> stop = StopSignal()
        >>> stop()
        >>> stop.asked, list(stop.frames([]))
        (True, [])
    """

    def __init__(self) -> None:
        self.asked = False
        self._waiting = False

    def __call__(self, *_signal: object) -> None:
        """Ask for the end; fits ``signal.signal``."""
        self.asked = True
        if self._waiting:
            raise KeyboardInterrupt

    def frames(self, source: Iterable[_Item]) -> Iterator[_Item]:
        """Yield what ``source`` yields until it ends or the end is asked for."""
        pictures = iter(source)
        while not self.asked:
            try:
                try:
                    self._waiting = True
                    frame = next(pictures)
                finally:
                    self._waiting = False
            except StopIteration:
                return
            except KeyboardInterrupt:  # at any instant up to the line above, that one included
                return
            yield frame
