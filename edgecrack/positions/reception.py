"""Whether there is a receiver, and what it hears."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

NO_FIX_S = 5.0
"""So long without a fix is worth a word: a bridge is shorter."""


class ReceiverState(str, Enum):
    """What a receiver does."""

    OPENING = "opening"  # it was not there yet, and is waited for
    CONNECTED = "connected"
    NO_FIX = "no fix"  # it is there, and does not know where it is
    SILENT = "silent"  # it says nothing that can be read, and is opened again
    AWAY = "away"  # it was there, and is opened again


@dataclass(frozen=True, slots=True)
class ReceiverChange:
    """A receiver has become something else.

    Attributes:
        state: What it is now.
        reason: Why, as a sentence for people, without secrets; may be empty.

    Example:
        >>> str(ReceiverChange(ReceiverState.AWAY, "the cable was pulled"))
        'away: the cable was pulled'
    """

    state: ReceiverState
    reason: str = ""

    def __str__(self) -> str:
        return f"{self.state.value}: {self.reason}" if self.reason else self.state.value


HEARD = ReceiverChange(ReceiverState.CONNECTED)
