"""What stands before the outbox, and takes messages whatever its disk does."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.uplink.outbox import FIRST_TO_GO

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.uplink.message import Message
    from edgecrack.uplink.outbox import Outbox

MOST_WAITING_BYTES = 8 << 20
"""Messages kept in memory for an outbox whose disk takes none: some 10,000 cracks."""


class Intake:
    """Puts messages into the outbox; those that it does not take wait here, up to a bound.

    An outbox that fails ends no survey. Beyond the bound messages are given up as in the outbox,
    and counted there. Any thread may call any method.

    Args:
        outbox: Where messages are put; it keeps the reason of a failure.
    """

    def __init__(self, outbox: Outbox) -> None:
        self._outbox, self._lock = outbox, threading.Lock()
        self._waiting: dict[str, Message] = {}

    def put(self, messages: Sequence[Message] = ()) -> None:
        """Put messages, and those that wait, in one transaction; durable if the disk takes them."""
        with self._lock:
            self._waiting |= {message.id: message for message in messages}
            try:
                self._outbox.put([*self._waiting.values()])
            except SinkError:
                self._make_room()
            else:
                self._waiting = {}

    def close(self) -> None:
        """Try once more, and count what is lost; safe to call twice."""
        self.put()
        with self._lock:
            for message in self._waiting.values():
                self._outbox.lose(message.kind)
            self._waiting = {}

    def _make_room(self) -> None:
        over_bytes = sum(message.size_bytes for message in self._waiting.values())
        over_bytes -= MOST_WAITING_BYTES
        for kinds in FIRST_TO_GO:
            for message in [known for known in self._waiting.values() if known.kind in kinds]:
                if over_bytes <= 0:
                    return
                over_bytes -= message.size_bytes
                del self._waiting[message.id]
                self._outbox.lose(message.kind)
