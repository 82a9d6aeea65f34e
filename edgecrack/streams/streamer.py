"""The thread of the stream: it takes the newest picture, and whoever hands it one never waits."""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.records import RgbImage
    from edgecrack.streams import StreamCounts
    from edgecrack.streams.sending import Sending

    Picture = tuple[tuple[int, int], Callable[[], RgbImage]]

CLOSE_WITHIN_S = 5.0
_CHECK_EVERY_S = 1.0


class Streamer:
    """Sends pictures from a thread of its own. One picture waits at most.

    Args:
        sending: What the thread does; nobody else calls it.
    """

    def __init__(self, sending: Sending) -> None:
        self._sending = sending
        self._waiting: Picture | None = None
        self._overtaken: Counter[str] = Counter()
        self._closing = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="stream", daemon=True)
        self._thread.start()

    def put(self, size_px: tuple[int, int], draw: Callable[[], RgbImage]) -> None:
        """Hand over a picture in place of one that still waits; any thread may.

        Args:
            size_px: Its width and height.
            draw: Makes it, in the stream's thread; called only where it is sent.
        """
        with self._changed:
            if self._waiting is not None:
                self._overtaken["behind" if self._sending.is_open else "away"] += 1
            self._waiting = (size_px, draw)
            self._changed.notify()

    def counts(self) -> StreamCounts:
        """Return what became of the pictures so far."""
        counts = self._sending.counts()
        dropped = counts.frames_dropped
        return replace(
            counts,
            frames_dropped={cause: dropped[cause] + self._overtaken[cause] for cause in dropped},
        )

    def close(self) -> None:
        """Send no more; bounded in time and safe to call twice."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(CLOSE_WITHIN_S)

    def _run(self) -> None:
        try:
            while not self._closing:
                picture = self._take()
                if picture is None:
                    self._sending.check()
                else:
                    self._sending.send(*picture)
        finally:
            (self._sending.close if self._closing else self._sending.abandon)()

    def _take(self) -> Picture | None:
        """Return the picture that waits; None without one for a while, or when closing."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._waiting is not None or self._closing, _CHECK_EVERY_S
            )
            picture, self._waiting = self._waiting, None
            return None if self._closing else picture
