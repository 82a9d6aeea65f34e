"""The last sink of a folder: cracks are told of once their records are on the disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.sinks.record_only import has_pictures
from edgecrack.uplink.messages import crack_message, picture_message

if TYPE_CHECKING:
    from edgecrack.records import Observation
    from edgecrack.uplink.intake import Intake
    from edgecrack.uplink.message import Message
    from edgecrack.uplink.messages import Told


class CrackSink:
    """A ``Sink``, to be synced after those that keep the records in the same folder.

    What is not synced is told to nobody: its record is written again by whoever keeps it, or is
    lost. A power cut between the sync of the records and the one here costs the messages of that
    second, not their records.

    Args:
        intake: Takes the messages.
        told: What is told.

    Attributes:
        missed: Always 0: masks are on the disk already.
    """

    def __init__(self, intake: Intake, told: Told) -> None:
        self.missed = 0
        self._intake, self._told = intake, told
        self._waiting: list[Message] = []

    def write(self, observation: Observation) -> None:
        """Remember the messages of an observation with a crack."""
        if not observation.has_crack:
            return
        told = self._told
        self._waiting.append(crack_message(told, observation))
        if told.pictures and has_pictures(observation):
            self._waiting.append(picture_message(told, observation))

    def sync(self) -> None:
        """Put all messages so far, in one transaction."""
        if self._waiting:
            self._intake.put(self._waiting)
            self._waiting.clear()

    def close(self) -> None:
        """Forget what was never synced; safe to call twice."""
        self._waiting.clear()
