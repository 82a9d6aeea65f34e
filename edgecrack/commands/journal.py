"""What becomes of a unit, told as it happens: lines on stderr, and the state of a service.

One part that flaps, a camera with a loose plug, tells no more than a few changes a minute; what it
came to is told all the same, with the number of those left out.
"""

from __future__ import annotations

import json
import threading
import time
from typing import TYPE_CHECKING

import typer

from edgecrack.change_limiter import ChangeLimiter, Held
from edgecrack.printable import printable
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.conditions import Condition
    from edgecrack.program.service import Service

_USUAL = frozenset({"opening", "capturing", "surveying", "normal", "recording", "enough"})
"""What a part does where all is well: no news, unless there was other news of it."""

_GOOD = frozenset({"connected", "open", "trusted"})
"""What a part has come to: news for the journal, nothing to see in the service's state."""

_ITSELF = ("capture", "survey")
"""Parts whose state needs no name before it."""


def _to_stderr(line: str) -> None:
    typer.echo(line, err=True)


class Journal:
    """Tells changes. Any thread may.

    Args:
        service: Shown what the unit does, where it is not the usual.
        as_json: Write objects instead of text.
        write: Takes a line.
        clock_ns: UTC in nanoseconds.
        limiter: Holds back what is too much.
    """

    def __init__(
        self,
        service: Service,
        *,
        as_json: bool = False,
        write: Callable[[str], None] = _to_stderr,
        clock_ns: Callable[[], int] = time.time_ns,
        limiter: ChangeLimiter | None = None,
    ) -> None:
        self._service, self._as_json = service, as_json
        self._write, self._clock_ns = write, clock_ns
        self._limiter = limiter or ChangeLimiter()
        self._lock = threading.Lock()
        self._news: dict[str, str] = {}  # of each part that has ever had any
        self._has_told: set[str] = set()

    def say(self, text: str) -> None:
        """Tell something that is no change of a part."""
        self._put({"message": printable(text)}, printable(text))

    def change(self, change: Condition) -> None:
        """Take a change; tell it if it is news and not too much."""
        with self._lock:
            is_usual = change.state in _USUAL and not change.reason
            self._show(change, is_good=is_usual or change.state in _GOOD)
            if is_usual and change.part not in self._has_told:
                return
            self._has_told.add(change.part)
            if self._limiter.admits(change):
                self._tell(change)

    def tick(self) -> None:
        """Tell what was held back for long enough; to be called often."""
        with self._lock:
            for held in self._limiter.overdue():
                self._tell_held(held)

    def close(self) -> None:
        """Tell what is held back."""
        with self._lock:
            for held in self._limiter.rest():
                self._tell_held(held)

    def _show(self, change: Condition, *, is_good: bool) -> None:
        told = ": ".join(filter(None, (change.state, change.reason)))
        text = told if change.part in _ITSELF else f"{change.part}: {told}"
        self._news.pop(change.part, None)
        if not is_good:
            self._news[change.part] = text
        self._service.note("; ".join(self._news.values()))

    def _tell(self, change: Condition) -> None:
        self._put(_fields(change), str(change))

    def _tell_held(self, held: Held) -> None:
        more = f"{held.count} more changes of {held.last.part} in {held.within_s:.0f} s; now "
        self._put({**_fields(held.last), "more": held.count}, f"{more}{held.last}")

    def _put(self, fields: dict[str, object], text: str) -> None:
        if self._as_json:
            at_utc = to_iso(self._clock_ns())
            self._write(json.dumps({"time": at_utc, **fields}, ensure_ascii=False))
        else:
            self._write(text)


def _fields(change: Condition) -> dict[str, object]:
    return {"part": change.part, "state": change.state, "reason": change.reason}
