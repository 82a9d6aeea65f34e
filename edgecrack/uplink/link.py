"""A connection to a broker: what delivery asks of one, and one in memory for tests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection

    from edgecrack.uplink.message import Message


@dataclass(frozen=True, slots=True)
class Receipt:
    """What a broker said of a message.

    Attributes:
        message: Which one.
        problem: Why it was refused; empty when the broker has it now.
        is_final: Whether it is the message that is at fault, and not the time or the place.
    """

    message: Message
    problem: str = ""
    is_final: bool = False


class Link(Protocol):
    """A connection to a broker, used by one thread. Every failure is a `ConnectionError`."""

    @property
    def is_open(self) -> bool:
        """Whether messages can be sent."""

    @property
    def in_flight(self) -> Collection[str]:
        """Ids of what was sent and has no receipt; a link that is opened again resends it."""

    @property
    def room(self) -> int:
        """How many messages may be sent now."""

    def open(self) -> None:
        """Connect, and say that the unit is online."""

    def send(self, message: Message) -> None:
        """Send a message, at least once."""

    def turn(self, wait_s: float) -> list[Receipt]:
        """Read and write what can be, for at most so long; return the receipts that came."""

    def drop(self) -> None:
        """Disconnect without a word, as after a fault: the broker says that the unit is offline."""

    def close(self) -> None:
        """Say that the unit is offline, and disconnect; bounded in time, safe to call twice."""


class MemoryLink:
    """A link for tests, to a broker that takes everything.

    Attributes:
        sent: All messages, in order, resent ones included.
        problem: Makes ``open`` and ``turn`` fail with this reason; empty for none.
        refusal: Makes receipts refusals for this reason.
        is_final: Whether those are final.
    """

    def __init__(self, most_in_flight: int = 20) -> None:
        self.sent: list[Message] = []
        self.problem = self.refusal = ""
        self.is_open = self.is_final = False
        self._most_in_flight = most_in_flight
        self._flying: dict[str, Message] = {}

    @property
    def in_flight(self) -> Collection[str]:
        """See `Link`."""
        return self._flying.keys()

    @property
    def room(self) -> int:
        """See `Link`."""
        return self._most_in_flight - len(self._flying)

    def open(self) -> None:
        """Connect, unless there is a problem."""
        self._fail()
        self.is_open = True
        self.sent += self._flying.values()

    def send(self, message: Message) -> None:
        """Note a message."""
        self.sent.append(message)
        self._flying[message.id] = message

    def turn(self, wait_s: float) -> list[Receipt]:  # noqa: ARG002
        """Return receipts of everything, unless there is a problem."""
        self._fail()
        receipts = [
            Receipt(message, self.refusal, self.is_final) for message in self._flying.values()
        ]
        self._flying.clear()
        return receipts

    def drop(self) -> None:
        """Disconnect."""
        self.is_open = False

    def close(self) -> None:
        """Disconnect."""
        self.is_open = False

    def _fail(self) -> None:
        if self.problem:
            self.is_open = False
            raise ConnectionError(self.problem)
