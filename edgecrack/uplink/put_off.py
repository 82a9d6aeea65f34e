"""Segments that the store did not take: each comes back later by itself, and holds up no other."""

from __future__ import annotations

import random as randomness
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.backoff import Backoff

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

MOST_S = 900.0
"""A file that is refused for ever is sent so often, and costs its bytes each time."""


@dataclass(frozen=True, slots=True)
class _Later:
    failures: int
    due_s: float
    reason: str


class PutOff:
    """Which segments wait, and until when.

    Args:
        clock_s: Monotonic seconds.
    """

    def __init__(self, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._backoff, self._clock_s = Backoff(most_s=MOST_S), clock_s
        self._later: dict[Path, _Later] = {}

    def add(self, folder: Path, reason: str, *, got_on: bool) -> None:
        """Let a segment wait: for longer each time, or shortly if some of it went."""
        before = self._later.get(folder)
        failures = 0 if before is None or got_on else before.failures + 1
        due_s = self._clock_s() + self._backoff.next_s(failures, randomness.random)
        self._later[folder] = _Later(failures, due_s, reason)

    def holds(self, folder: Path) -> bool:
        """Whether a segment is to wait still."""
        later = self._later.get(folder)
        return later is not None and self._clock_s() < later.due_s

    def forget(self, folder: Path) -> None:
        """Forget a segment that went."""
        self._later.pop(folder, None)

    def forget_all_but(self, folders: Collection[Path]) -> None:
        """Forget the segments that are gone."""
        self._later = {folder: later for folder, later in self._later.items() if folder in folders}

    def reasons(self) -> list[str]:
        """Return why segments wait."""
        return [later.reason for later in self._later.values()]

    def next_s(self, most_s: float) -> float:
        """Return in how many seconds the first of them is due, or ``most_s`` if that is sooner."""
        now_s = self._clock_s()
        waits_s = [later.due_s - now_s for later in self._later.values()]
        return max(0.0, min([most_s, *waits_s]))
