"""Giving each detection its place: at once from a recorded track, a moment later from a receiver.

A track is never extrapolated, so while driving a frame's place is known only when the next fix has
arrived. Detections wait for it, for as long as two fixes may be apart; after that they go on
without a place, which is a fact and not an error. Each holds its pictures, so only as many wait as
fit into ``MOST_WAITING_BYTES``.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING

from edgecrack.records import NOT_TIMED, UNPLACED, Observation

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgecrack.positions import Receiver
    from edgecrack.positions.track import Track
    from edgecrack.records import Detection, Placement


MOST_WAITING_BYTES = 192 * 2**20
"""Memory of detections that wait for a fix: 2 s of 1280x720 at 25 a second."""


class Geotagger:
    """Places detections on a track, in order.

    Call ``settled`` often, also while no frame arrives: a wait ends by time.

    Args:
        track: Where the camera was; None places nothing.
        receiver: A receiver that goes on filling the track; None for a recorded one.
        patience_s: How long a detection waits for the next fix.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        track: Track | None,
        receiver: Receiver | None = None,
        patience_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._track, self._receiver = track, receiver
        self._patience_s, self._clock = patience_s, clock
        self._waiting: deque[tuple[float, Detection]] = deque()  # (until when, what)
        self._waiting_bytes = 0

    @property
    def waiting_bytes(self) -> int:
        """Memory of the pictures that wait for their place."""
        return self._waiting_bytes

    def add(self, detection: Detection) -> None:
        """Take one detection; ``settled`` or ``rest`` yields it again with its place."""
        self._waiting.append((self._clock() + self._patience_s, detection))
        self._waiting_bytes += detection.picture_bytes

    def settled(self) -> Iterator[Observation]:
        """Yield, in order, the detections whose place is settled by now.

        Raises:
            SourceError: The receiver went away.
        """
        self._listen()
        while self._waiting and self._is_settled(*self._waiting[0]):
            yield self._next()

    def rest(self) -> Iterator[Observation]:
        """Yield what still waits: there will be no more fixes."""
        while self._waiting:
            yield self._next()

    def _listen(self) -> None:
        if self._receiver is not None and self._track is not None:
            for fix in self._receiver.poll():
                self._track.add(fix)

    def _is_settled(self, until_s: float, detection: Detection) -> bool:
        captured_ns = detection.frame.captured_ns
        if self._receiver is None or self._track is None or captured_ns is None:
            return True
        if self._waiting_bytes > MOST_WAITING_BYTES:
            return True
        newest_ns = self._track.last_ns
        return (newest_ns is not None and newest_ns >= captured_ns) or self._clock() >= until_s

    def _next(self) -> Observation:
        _, detection = self._waiting.popleft()
        self._waiting_bytes -= detection.picture_bytes
        return Observation(detection, self._placement(detection.frame.captured_ns))

    def _placement(self, captured_ns: int | None) -> Placement:
        if self._receiver is not None and captured_ns is None:
            return NOT_TIMED
        if self._track is None or captured_ns is None:
            return UNPLACED
        return self._track.at(captured_ns)
