"""A request to end a run early: what Ctrl-C, SIGTERM and SIGHUP do."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any, TypeVar

from edgecrack.errors import EdgecrackError
from edgecrack.signal_delivery import come_again_outside_callbacks, prompt_signals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from types import FrameType

_Item = TypeVar("_Item")

FRAME_WITHIN_S = 5.0
"""How long the frames at work may take once the end was asked for."""

_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class StopSignal:
    """A request to end, in order where there is something to keep.

    Until the first frame there is nothing: whatever is being opened or read is given up at once.
    From then on waiting for a picture is cut short, frames at work are finished, and what was
    found in them is written. A second signal gives up the frames at work too; so does time, should
    a network never answer. The files that say how the run ended are written all the same. A third
    signal kills the process.

    Args:
        on_end: Called when no more frames are worked on, perhaps more than once.

    Attributes:
        asked: Whether the end was asked for.

    Example:
        >>> stop = StopSignal()
        >>> stop.ask()
        >>> stop.asked, list(stop.frames([1, 2]))
        (True, [])
    """

    def __init__(self, on_end: Callable[[], None] = lambda: None) -> None:
        self.asked, self._on_end = False, on_end
        self._has_begun = self._waiting = self._is_unwinding = self._is_ending = False
        self._has_repeated = False
        self._before: dict[signal.Signals, Any] = {}
        self._timer: threading.Timer | None = None

    def ask(self) -> None:
        """Ask for the end after the frames at work."""
        self.asked = True

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Handle a signal. Two may come at once, the second while the first unwinds the stack."""
        if come_again_outside_callbacks(number, frame):
            return
        is_first, self.asked = not self.asked, True
        if is_first and self._has_begun and not (self._waiting or self._is_ending):
            self._limit_frames()
        elif is_first and not self._is_ending:
            self._is_unwinding = True
            raise KeyboardInterrupt
        elif self._is_unwinding and self._has_begun:  # `frames` will know what to do
            self._has_repeated = True
        elif not is_first:
            self._give_up()

    @contextmanager
    def installed(self) -> Iterator[None]:
        """Handle the signals; in the main thread only. A hang-up that is ignored stays so.

        Raises:
            KeyboardInterrupt: A signal ended what is done within. An import or a lock that it hits
                raises something else, of which nobody wants to hear.
        """
        for number in _SIGNALS:
            before = signal.getsignal(number)
            if (number, before) != (signal.SIGHUP, signal.SIG_IGN):  # started by nohup
                self._before[number] = before
                signal.signal(number, self)
        try:
            with prompt_signals():
                yield
        except Exception as error:
            if self.explains(error):
                raise KeyboardInterrupt from error
            raise
        finally:
            self.frames_are_done()
            for number, before in self._before.items():
                signal.signal(number, before)
            self._before.clear()

    def explains(self, error: BaseException) -> bool:
        """Whether an error is the doing of a signal: not so a full disk in the middle of a run."""
        is_ours = isinstance(error, EdgecrackError)
        return isinstance(error, KeyboardInterrupt) or (
            self.asked and not (is_ours and self._has_begun)
        )

    def frames(self, source: Iterable[_Item]) -> Iterator[_Item]:
        """Yield what ``source`` yields until it ends or the end is asked for."""
        self._has_begun = True
        pictures = iter(source)
        while not self.asked:
            next_one = self._next(pictures)
            # Asked of the flag and not of the exception: a callback of a library may swallow that.
            if self._is_unwinding:
                self._is_unwinding = False
                if self._has_repeated:
                    self._give_up()
                self._limit_frames()
                return
            if not next_one:
                return
            yield from next_one

    def _next(self, pictures: Iterator[_Item]) -> list[_Item]:
        """Return the next picture, or an empty list after the last one and after a signal."""
        try:
            try:
                self._waiting = True
                return list(islice(pictures, 1))
            finally:
                self._waiting = False
        except KeyboardInterrupt:  # at any instant up to the line above, that one included
            if not self.asked:  # of a handler that is not this one
                raise
            return []

    def frames_are_done(self) -> None:
        """Give what follows, writing, all the time it needs."""
        if self._timer is not None:
            self._timer.cancel()
        self._on_end()

    def keep_last_files(self) -> None:
        """Let no second signal end what comes now, two small files; a third still kills."""
        self._is_ending = True

    def _give_up(self) -> None:
        """Give up the frames at work, if there are any, and let the next signal kill."""
        for number in self._before:
            signal.signal(number, signal.SIG_DFL)
        if not (self._is_unwinding or self._is_ending):
            raise KeyboardInterrupt

    def _limit_frames(self) -> None:
        """Send this process a second signal when the frames at work take too long."""
        if self._before:
            main, number = threading.main_thread().ident, signal.SIGINT
            self._timer = threading.Timer(FRAME_WITHIN_S, signal.pthread_kill, (main, number))
            self._timer.daemon = True
            self._timer.start()
