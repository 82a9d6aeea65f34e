"""What becomes of each picture for the stream: it is sent, or left out for a cause.

No thread and no waiting here: `edgecrack.streams.streamer` has them.
"""

from __future__ import annotations

import random
import time
from collections import Counter
from typing import TYPE_CHECKING

from edgecrack.backoff import Backoff
from edgecrack.errors import EdgecrackError
from edgecrack.streams import StreamCounts

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.records import RgbImage
    from edgecrack.streams import Outlet

    OpenOutlet = Callable[[tuple[int, int]], Outlet]
    Note = Callable[[str, str], None]

STREAMING, RETRYING, STOPPED = "streaming", "retrying", "stopped"
"""What a stream does."""

_SETTLED_S = 30.0
"""An outlet that lived so long was good: the wait after it begins anew."""


class Sending:
    """Opens an outlet for the size of the pictures, and again when it fails or the size changes.

    Args:
        name: Where pictures go, for people.
        open_outlet: Opens an outlet for pictures of a width and height, or raises.
        note: Told what the stream does, and why, whenever that changes.
        fps: Most pictures a second.
        backoff: How long to wait before the next attempt.
        clock: Monotonic seconds.

    Example:
        >>> import numpy as np
        >>> from edgecrack.streams import MemoryOutlet
        >>> outlet, picture = MemoryOutlet(), np.zeros((48, 64, 3), np.uint8)
        >>> sending = Sending("memory", lambda size_px: outlet, print)
        >>> sending.send((64, 48), lambda: picture)
        streaming memory
        >>> len(outlet.pictures), sending.counts().frames_sent
        (1, 1)
    """

    def __init__(
        self,
        name: str,
        open_outlet: OpenOutlet,
        note: Note,
        *,
        fps: float = 30.0,
        backoff: Backoff | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._name, self._open, self._note = name, open_outlet, note
        self._period_s, self._backoff, self._clock = 1 / fps, backoff or Backoff(), clock
        self._outlet: Outlet | None = None
        self._size_px = (0, 0)
        self._opened_s = self._retry_s = self._due_s = -float("inf")
        self._failures = self._openings = self._sent = 0
        self._clients: int | None = None
        self._dropped: Counter[str] = Counter()
        self._cpu_s = 0.0

    @property
    def is_open(self) -> bool:
        """Whether there is an outlet."""
        return self._outlet is not None

    def send(self, size_px: tuple[int, int], draw: Callable[[], RgbImage]) -> None:
        """Draw a picture and send it, or count why not.

        Args:
            size_px: Its width and height.
            draw: Makes it; called only where it is sent.
        """
        self.check()
        outlet = self._outlet_for(size_px)
        if outlet is None:
            self._dropped["away"] += 1
        elif not outlet.is_watched():
            self._dropped["unwatched"] += 1
        elif not self._is_due():
            self._dropped["rate"] += 1
        else:
            began_s = time.thread_time()
            is_alone = outlet.push(draw())
            self._cpu_s += time.thread_time() - began_s
            self._sent += is_alone  # else this one goes for another that was counted
            self._dropped["behind"] += not is_alone

    def check(self) -> None:
        """Notice that the outlet failed, also while no pictures come."""
        problem = self._outlet.problem() if self._outlet is not None else None
        if problem is not None:
            self._fail(problem)

    def close(self) -> None:
        """Let go of the outlet; safe to call twice, and the stream can be sent to again."""
        if self._outlet is not None:
            self._outlet.close()
            self._clients = self._clients_so_far()
            self._outlet = None

    def abandon(self) -> None:
        """Say that nobody sends any more, through no failure that is known of."""
        self.close()
        self._note(STOPPED, "through a fault of its own; report the traceback printed above")

    def counts(self) -> StreamCounts:
        """Return what became of the pictures so far."""
        return StreamCounts(
            address=self._name,
            frames_sent=self._sent,
            frames_dropped={cause: self._dropped[cause] for cause in sorted(_CAUSES)},
            clients=self._clients_so_far(),
            restarts=max(0, self._openings - 1),
            core_ms=round(1e3 * self._cpu_s / max(1, self._sent), 3),
        )

    def _outlet_for(self, size_px: tuple[int, int]) -> Outlet | None:
        if self._outlet is not None and size_px != self._size_px:
            self.close()
        if self._outlet is None and self._clock() >= self._retry_s:
            try:
                self._outlet = self._open(size_px)
            except EdgecrackError as error:
                self._fail(str(error))
            else:
                self._size_px, self._opened_s = size_px, self._clock()
                self._openings += 1
                self._note(STREAMING, self._name)
        return self._outlet

    def _fail(self, reason: str) -> None:
        """Let go, and wait: longer each time that it does not last."""
        now_s = self._clock()
        if self._outlet is not None and now_s - self._opened_s >= _SETTLED_S:
            self._failures = 0
        self.close()
        self._retry_s = now_s + self._backoff.next_s(self._failures, random.random)
        self._failures += 1
        self._note(RETRYING, f"{self._name}: {reason}")

    def _is_due(self) -> bool:
        """Let pass so many a second in the mean; that they come unevenly costs none."""
        now_s = self._clock()
        if now_s < self._due_s:
            return False
        self._due_s = max(self._due_s, now_s - self._period_s) + self._period_s
        return True

    def _clients_so_far(self) -> int | None:
        now = self._outlet.clients if self._outlet is not None else None
        return self._clients if now is None else now + (self._clients or 0)


_CAUSES = ("away", "behind", "rate", "unwatched")
