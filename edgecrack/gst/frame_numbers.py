"""Which picture is which, across a queue that may drop some."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import dataclass

_KEPT = 256  # far more than the pictures that can be between the two ends of the queue


@dataclass(frozen=True, slots=True)
class FrameNumber:
    """What is noted about a picture when the decoder delivers it.

    Attributes:
        index: How many came before it.
        arrived_ns: Monotonic time of delivery.
        key: What tells it from the pictures alive at the same time.
    """

    index: int
    arrived_ns: int
    key: int


class FrameNumbers:
    """Number pictures at the queue's entrance and find their numbers at its exit.

    The key is the address of the picture's buffer, so that times which are missing or repeated do
    not matter. An address is used again once its picture is gone, but a picture at the exit is
    still alive: the *latest* stamp with its address is its own.

    Attributes:
        count: How many pictures have entered.

    Example:
        >>> numbers = FrameNumbers()
        >>> for key in (7, 8, 7):
        ...     numbers.enter(key, arrived_ns=0)
        >>> numbers.leave(7)
        >>> numbers.take().index
        2
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entered: deque[FrameNumber] = deque(maxlen=_KEPT)
        self._left: deque[FrameNumber] = deque()
        self.count = 0

    def enter(self, key: int, arrived_ns: int) -> None:
        """Number a picture that the decoder delivered."""
        with self._lock:
            self._entered.append(FrameNumber(self.count, arrived_ns, key))
            self.count += 1

    def leave(self, key: int) -> None:
        """Note that this picture came through; those before it that did not were dropped."""
        with self._lock:
            waiting: list[FrameNumber] = []
            while self._entered[-1].key != key:
                waiting.append(self._entered.pop())
            self._left.append(self._entered.pop())
            self._entered.clear()
            self._entered.extend(reversed(waiting))

    def take(self) -> FrameNumber:
        """Return the numbers of the pictures that came through, in order, each once."""
        with self._lock:
            return self._left.popleft()
