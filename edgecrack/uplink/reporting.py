"""When the unit tells how it is: its status each N seconds, its health when a part changes."""

from __future__ import annotations

import time
import uuid
from typing import TYPE_CHECKING

from edgecrack.uplink.messages import health_message, message_id, parts_of, status_message
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgecrack.conditions import Condition, Conditions
    from edgecrack.uplink.message import Message
    from edgecrack.uplink.messages import Figures

HEALTH_EACH_S = 5.0
"""A part that changes again and again is told of no more often."""


class Reporter:
    """Makes the messages that are due.

    Args:
        unit: The unit's name.
        conditions: What its parts do.
        status_s: Seconds from one status to the next.
        utc_ns: UTC, or None while no clock can be trusted.
        clock_s: Monotonic seconds.

    Attributes:
        figures: Returns how far the run is; set when it begins.
    """

    def __init__(
        self,
        unit: str,
        conditions: Conditions,
        status_s: float,
        utc_ns: Callable[[], int | None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._unit, self._conditions, self._status_s = unit, conditions, status_s
        self._utc_ns, self._clock_s = utc_ns, clock_s
        self._start, self._number = uuid.uuid4().hex, 0
        self._status_due_s = self._health_due_s = clock_s()
        self._told: Mapping[str, tuple[str, str]] = {}
        self.figures: Callable[[], Figures | None] = lambda: None

    def hurry(self) -> None:
        """Let a status be due now, because a run begins or ends."""
        self._status_due_s = self._clock_s()

    def due(self) -> list[Message]:
        """Return what is to be told now, often nothing."""
        now_s, parts = self._clock_s(), self._conditions.now()
        messages: list[Message] = []
        if now_s >= self._status_due_s:
            self._status_due_s = now_s + self._status_s
            told = {"t_utc": self._time(), "parts": parts_of(parts, now_s)}
            messages.append(status_message(self._unit, self._id(), self.figures(), told))
        if now_s >= self._health_due_s and _states(parts) != self._told:
            self._health_due_s, self._told = now_s + HEALTH_EACH_S, _states(parts)
            told = {"t_utc": self._time(), "parts": parts_of(parts, now_s)}
            messages.append(health_message(self._unit, self._id(), told))
        return messages

    def _id(self) -> str:
        self._number += 1
        return message_id(self._start, self._number)

    def _time(self) -> str | None:
        utc_ns = self._utc_ns()
        return None if utc_ns is None else to_iso(utc_ns)


def _states(parts: Mapping[str, Condition]) -> dict[str, tuple[str, str]]:
    """Return what makes news; the broker knows best when it was away."""
    return {
        part: (condition.state, condition.reason)
        for part, condition in parts.items()
        if part != "mqtt"
    }
