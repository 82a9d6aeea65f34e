"""Carries messages from the outbox to the broker, for ever, and forgets those that arrived."""

from __future__ import annotations

import random as randomness
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgecrack.backoff import Backoff
from edgecrack.errors import SinkError
from edgecrack.uplink.budget import STATUS_SHARE, kinds_to_send

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.uplink.budget import DayBudget
    from edgecrack.uplink.link import Link, Receipt
    from edgecrack.uplink.message import Message
    from edgecrack.uplink.outbox import Outbox

FORGET_AT_ONCE = 50
"""Receipts that are written down together: each time costs the disk a sync."""
FORGET_WITHIN_S = 1.0


@dataclass(frozen=True, slots=True)
class Timing:
    """How a delivery waits.

    Attributes:
        backoff: Between connections; after a receipt the first wait is short again.
        clock_s: Monotonic seconds.
        random: Numbers from 0 to 1, for the jitter.
    """

    backoff: Backoff = field(default_factory=Backoff)
    clock_s: Callable[[], float] = time.monotonic
    random: Callable[[], float] = randomness.random


class Delivery:
    """One broker's deliveries; all of it belongs to one thread, which calls `turn` for ever.

    Args:
        outbox: What holds the messages.
        link: The connection.
        budget: What may be sent today.
        is_metered: Whether bytes cost money now.
        note: Told the state and the reason; the same again is no news.
        timing: How it waits.

    Attributes:
        sent: Messages sent, those sent again by the link not included.
        sent_bytes: What they were, about.
        connections: How often the link was opened.
    """

    def __init__(
        self,
        outbox: Outbox,
        link: Link,
        budget: DayBudget,
        is_metered: Callable[[], bool],
        note: Callable[[str, str], None],
        timing: Timing | None = None,
    ) -> None:
        self._outbox, self._link, self._budget = outbox, link, budget
        self._is_metered, self._note, self._how = is_metered, note, timing or Timing()
        self._pause = threading.Event()  # never set: a wait that any thread can be told of
        self._failures, self._due_s = 0, 0.0
        self._arrived: list[str] = []
        self._arrived_s = 0.0
        self._refused = ""
        self.sent = self.sent_bytes = self.connections = 0

    @property
    def has_room_for_status(self) -> bool:
        """Whether a status may be sent today; one that waits for tomorrow is worth nothing."""
        return self._budget.left_bytes(STATUS_SHARE) > 0

    def turn(self, wait_s: float = 0.25) -> None:
        """Do what can be done now, and wait at most so long for the broker."""
        try:
            if self._link.is_open:
                self._exchange(wait_s)
            elif self._how.clock_s() >= self._due_s:
                self._open()
            else:
                self._pause.wait(min(wait_s, max(0.0, self._due_s - self._how.clock_s())))
        except ConnectionError as error:
            self._lose(str(error))
        except SinkError as error:
            self._note("degraded", str(error))
            self._pause.wait(wait_s)

    def close(self, within_s: float) -> None:
        """Deliver what waits, for at most so long, and leave."""
        until_s = self._how.clock_s() + within_s
        while self._link.is_open and self._has_work() and self._how.clock_s() < until_s:
            self.turn(0.05)
        with suppress(SinkError):
            self._forget()
        self._link.close()

    def _open(self) -> None:
        self.connections += 1
        self._link.open()

    def _exchange(self, wait_s: float) -> None:
        why_not = self._send()
        for receipt in self._link.turn(wait_s):
            self._take(receipt)
        is_late = self._how.clock_s() - self._arrived_s >= FORGET_WITHIN_S
        if len(self._arrived) >= FORGET_AT_ONCE or is_late or not self._link.in_flight:
            self._forget()
        if self._refused:
            why, self._refused = self._refused, ""
            self._link.drop()
            raise ConnectionError(why)
        if why_not or not self._outbox.problem:
            self._note("waiting" if why_not else "connected", why_not)
        else:
            self._note("degraded", self._outbox.problem)

    def _send(self) -> str:
        """Send what there is room for; return why nothing more may be sent, if so."""
        kinds = kinds_to_send(
            is_metered=self._is_metered(),
            status_left_bytes=self._budget.left_bytes(STATUS_SHARE),
        )
        known = {*self._link.in_flight, *self._arrived}
        for message in self._outbox.take(self._link.room, kinds, known):
            if message.size_bytes > self._budget.left_bytes():
                return "the bytes of today are used up; what waits is sent tomorrow"
            self._budget.spend(message.size_bytes)
            self._link.send(message)
            self.sent, self.sent_bytes = self.sent + 1, self.sent_bytes + message.size_bytes
        return ""

    def _take(self, receipt: Receipt) -> None:
        if not receipt.problem:
            if not self._arrived:
                self._arrived_s = self._how.clock_s()
            self._arrived.append(receipt.message.id)
            self._failures = 0
        elif receipt.is_final:
            self._outbox.refuse(receipt.message)
        else:  # of the place or the time: come back later
            self._refused = f"the broker refused {receipt.message.topic}: {receipt.problem}"

    def _forget(self) -> None:
        self._outbox.acknowledge(self._arrived)
        self._arrived = []

    def _lose(self, reason: str) -> None:
        wait_s = self._how.backoff.next_s(self._failures, self._how.random)
        self._failures += 1
        self._due_s = self._how.clock_s() + wait_s
        self._note("reconnecting", reason)
        with suppress(SinkError):
            self._forget()

    def _has_work(self) -> bool:
        try:
            return bool(self._arrived or self._link.in_flight or self._messages())
        except SinkError:
            return False

    def _messages(self) -> list[Message]:
        kinds = kinds_to_send(
            is_metered=self._is_metered(),
            status_left_bytes=self._budget.left_bytes(STATUS_SHARE),
        )
        return self._outbox.take(1, kinds, self._arrived)
