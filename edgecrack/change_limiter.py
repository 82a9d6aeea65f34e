"""How many changes of one part are told: a few in a while, and then what they came to."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.conditions import Condition

MOST_CHANGES = 6
WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Held:
    """Changes of one part that were not told.

    Attributes:
        count: How many.
        last: What the part does since.
        within_s: In how many seconds they came.
    """

    count: int
    last: Condition
    within_s: float


class ChangeLimiter:
    """Admits the first changes of each part in a while, and holds back the others.

    Args:
        most: So many are admitted of one part.
        within_s: In so many seconds.
        clock_s: Monotonic seconds.

    Example:
        >>> from edgecrack.conditions import Condition
        >>> now_s = iter((0, 1, 2, 61))
        >>> limiter = ChangeLimiter(most=1, within_s=60, clock_s=lambda: next(now_s))
        >>> [limiter.admits(Condition("capture", state)) for state in ("up", "down", "away")]
        [True, False, False]
        >>> [(held.count, held.last.state) for held in limiter.overdue()]
        [(2, 'away')]
    """

    def __init__(
        self,
        most: int = MOST_CHANGES,
        within_s: float = WITHIN_S,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most, self._within_s, self._clock_s = most, within_s, clock_s
        self._told: dict[str, tuple[float, int]] = {}  # since when, how many
        self._held: dict[str, tuple[int, Condition]] = {}

    def admits(self, change: Condition) -> bool:
        """Tell whether a change is to be told now; if not, it is held back."""
        now_s = self._clock_s()
        since_s, told = self._told.get(change.part, (now_s, 0))
        if change.part not in self._held and now_s - since_s >= self._within_s:
            since_s, told = now_s, 0
        if told >= self._most:  # so it stays while some are held: none overtakes them
            count = self._held.get(change.part, (0, change))[0] + 1
            self._held[change.part] = (count, change)
            return False
        self._told[change.part] = (since_s, told + 1)
        return True

    def overdue(self) -> list[Held]:
        """Return what was held back for long enough, to be told now."""
        now_s = self._clock_s()
        due = [part for part in self._held if now_s - self._told[part][0] >= self._within_s]
        return [self._let_go(part, now_s) for part in due]

    def rest(self) -> list[Held]:
        """Return all that is held back: nothing more will come."""
        now_s = self._clock_s()
        return [self._let_go(part, now_s) for part in list(self._held)]

    def _let_go(self, part: str, now_s: float) -> Held:
        count, last = self._held.pop(part)
        since_s, _ = self._told[part]
        self._told[part] = (now_s, 1)
        return Held(count, last, now_s - since_s)
