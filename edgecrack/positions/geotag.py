"""Giving each finding its place: at once from a recorded track, a moment later from a receiver.

A track is never extrapolated, so while driving a frame's place is known only when the next fix has
arrived. Findings wait for it, for as long as two fixes may be apart; after that they go on without
a place, which is a fact and not an error. No more than ``MOST_WAITING`` wait, for each holds its
picture.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from edgecrack.records import UNPLACED, Placement

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgecrack.positions import Receiver
    from edgecrack.positions.track import Track
    from edgecrack.records import Detection


MOST_WAITING = 100
"""Findings that may wait for a fix: some 300 MB of 1280x720, or 4 s at 25 a second."""


class Geotagger:
    """Places findings on a track, in order.

    Args:
        track: Where the camera was; None places nothing.
        feed: A receiver that goes on filling the track; None for a recorded one.
        patience_s: How long a finding waits for the next fix.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        track: Track | None,
        feed: Receiver | None = None,
        patience_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._track, self._feed = track, feed
        self._patience_s, self._clock = patience_s, clock
        self._waiting: deque[tuple[float, Detection]] = deque()

    def add(self, finding: Detection) -> Iterator[tuple[Detection, Placement]]:
        """Take one finding; yield those, old or new, whose place is now settled."""
        if self._feed is not None and self._track is not None:
            for fix in self._feed.poll():
                self._track.add(fix)
        self._waiting.append((self._clock() + self._patience_s, finding))
        while self._waiting and self._is_settled(*self._waiting[0]):
            yield self._placed(self._waiting.popleft()[1])

    def rest(self) -> Iterator[tuple[Detection, Placement]]:
        """Yield what still waits: there will be no more fixes."""
        while self._waiting:
            yield self._placed(self._waiting.popleft()[1])

    def _is_settled(self, until_s: float, finding: Detection) -> bool:
        captured_ns = finding.frame.captured_ns
        if self._feed is None or self._track is None or captured_ns is None:
            return True
        if len(self._waiting) > MOST_WAITING:
            return True
        newest_ns = self._track.last_ns
        return (newest_ns is not None and newest_ns >= captured_ns) or self._clock() >= until_s

    def _placed(self, finding: Detection) -> tuple[Detection, Placement]:
        captured_ns = finding.frame.captured_ns
        if self._track is None or captured_ns is None:
            return finding, UNPLACED
        return finding, self._track.at(captured_ns)
