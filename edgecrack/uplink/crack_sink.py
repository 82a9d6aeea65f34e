"""The last sink of a run: cracks go to the outbox once their records are on the disk."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.sinks.record_only import has_pictures
from edgecrack.uplink.message import Kind
from edgecrack.uplink.messages import crack_message, picture_message

if TYPE_CHECKING:
    from edgecrack.records import Observation
    from edgecrack.uplink.message import Message
    from edgecrack.uplink.outbox import Outbox

MOST_WAITING_BYTES = 8 << 20
"""Messages kept in memory for an outbox whose disk takes none: some 10,000 cracks."""


class CrackSink:
    """A ``Sink``; it must be synced after those that keep the records.

    An outbox that fails ends no run: what was to be put waits for the next sync, up to a bound, and
    the oldest is counted as dropped beyond it. A power cut between the sync of the records and the
    one here costs the messages of that second, not their records.

    Args:
        outbox: Where cracks are put.
        unit: The unit's name.
        run_id: What ties the records of the run together.
        frames: Whether evidence pictures are kept.
        pictures: Put the masks, too.

    Attributes:
        missed: Always 0: masks are on the disk already.
    """

    def __init__(
        self, outbox: Outbox, unit: str, run_id: str, *, frames: bool = True, pictures: bool = False
    ) -> None:
        self.missed = 0
        self._outbox, self._unit, self._run_id = outbox, unit, run_id
        self._frames, self._pictures = frames, pictures
        self._waiting: deque[Message] = deque()
        self._waiting_bytes = 0

    def write(self, observation: Observation) -> None:
        """Remember the messages of an observation with a crack."""
        if not observation.has_crack:
            return
        self._remember(crack_message(self._unit, self._run_id, observation, frames=self._frames))
        if self._pictures and has_pictures(observation):
            self._remember(picture_message(self._unit, self._run_id, observation))

    def sync(self) -> None:
        """Put all messages so far, in one transaction; they wait where the outbox fails."""
        try:
            self._outbox.put(self._waiting)
        except SinkError:  # the outbox keeps the reason, and delivery tells it
            return
        self._waiting.clear()
        self._waiting_bytes = 0

    def close(self) -> None:
        """Count what could not be put; safe to call twice."""
        for message in self._waiting:
            self._outbox.lose(message.kind)
        self._waiting.clear()
        self._waiting_bytes = 0

    def _remember(self, message: Message) -> None:
        self._waiting.append(message)
        self._waiting_bytes += message.size_bytes
        while self._waiting_bytes > MOST_WAITING_BYTES:
            self._give_up_one()

    def _give_up_one(self) -> None:
        """Give up the oldest picture, or else the oldest message."""
        pictures = (message for message in self._waiting if message.kind is Kind.PICTURE)
        going = next(pictures, self._waiting[0])
        self._waiting.remove(going)
        self._waiting_bytes -= going.size_bytes
        self._outbox.lose(going.kind)
