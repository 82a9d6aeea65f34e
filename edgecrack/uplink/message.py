"""One message to the broker, and what kind of message it is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

_ROW_BYTES = 160  # what a row takes beside its texts, in the table and in its indices


class Kind(str, Enum):
    """What a message is, and so when it is sent and when it is given up."""

    STATUS = "status"
    PICTURE = "picture"
    EVENT = "event"
    CRACK = "crack"


@dataclass(frozen=True, slots=True)
class Message:
    """One message to the broker.

    Attributes:
        id: The same whenever it is sent again, so that who receives it can tell.
        topic: Where it is published.
        payload: Its bytes.
        kind: What it is.
    """

    id: str
    topic: str
    payload: bytes
    kind: Kind

    @property
    def size_bytes(self) -> int:
        """About what it takes to keep and to send."""
        return len(self.payload) + len(self.topic) + 2 * len(self.id) + _ROW_BYTES
