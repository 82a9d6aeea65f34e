"""What each part of a unit does now: told to people, systemd, and who asks after its health."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.printable import printable
from edgecrack.redaction import redact

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Condition:
    """What one part does now.

    Attributes:
        part: Which one, such as ``capture``, ``receiver`` or ``storage``.
        state: What it does, in a word or two, such as ``reconnecting``.
        reason: Why, as a sentence for people, printable and without secrets; may be empty.
        since_s: Monotonic seconds when it began to.

    Example:
        >>> str(Condition("capture", "reconnecting", "rtsp://me:secret@cam/1 stopped"))
        'capture: reconnecting: rtsp://***@cam/1 stopped'
    """

    part: str
    state: str
    reason: str = ""
    since_s: float = 0.0

    def __post_init__(self) -> None:
        """Take the secrets out of the reason, whoever wrote it."""
        object.__setattr__(self, "reason", redact(printable(self.reason)))

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.part, self.state, self.reason)))


class Conditions:
    """What every part does now. Any thread may note and ask.

    Args:
        on_change: Told of each change, in the thread that notes it.
        clock_s: Monotonic seconds.

    Example:
        >>> conditions = Conditions(on_change=print)
        >>> conditions.note("capture", "capturing")
        capture: capturing
        >>> conditions.note("capture", "capturing")  # nothing new
        >>> conditions.now()["capture"].state
        'capturing'
    """

    def __init__(
        self,
        on_change: Callable[[Condition], None] = lambda _change: None,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._on_change, self._clock_s = on_change, clock_s
        self._lock = threading.Lock()
        self._now: dict[str, Condition] = {}

    def note(self, part: str, state: str, reason: str = "") -> None:
        """Say what a part does from now on; what it did before needs no end."""
        with self._lock:
            before = self._now.get(part)
            is_same = before is not None and before.state == state
            since_s = before.since_s if before is not None and is_same else self._clock_s()
            change = Condition(part, state, reason, since_s)
            if change == before:
                return
            self._now[part] = change
        self._on_change(change)

    def now(self) -> Mapping[str, Condition]:
        """Return what each part does, by its name; those that never said anything are absent."""
        with self._lock:
            return dict(self._now)
