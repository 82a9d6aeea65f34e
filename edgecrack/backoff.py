"""How long to wait before the next attempt: ever longer, up to a cap, not in step with others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that double from one failed attempt to the next.

    Attributes:
        first_s: Before the first attempt.
        most_s: The cap, before jitter.
        jitter: By which share a wait may be shorter or longer, 0 to 1: units that lost the same
            server at the same moment do not come back to it at the same moment.

    Example:
        >>> [Backoff().next_s(attempt, lambda: 0.5) for attempt in (0, 1, 2, 6, 10_000)]
        [0.5, 1.0, 2.0, 30.0, 30.0]
        >>> Backoff().next_s(0, lambda: 0.0), Backoff().next_s(9, lambda: 1.0)
        (0.4, 36.0)
    """

    first_s: float = 0.5
    most_s: float = 30.0
    jitter: float = 0.2

    def next_s(self, attempt: int, random: Callable[[], float]) -> float:
        """Return the wait before an attempt, in seconds.

        Args:
            attempt: How many failed before it since the last success.
            random: Returns 0 to 1, evenly spread.
        """
        doublings = min(attempt, 64)  # beyond it, the power is larger than any cap
        wait_s = min(self.first_s * 2.0**doublings, self.most_s)
        return wait_s * (1 + self.jitter * (2 * random() - 1))
