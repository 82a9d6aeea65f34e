"""A receiver that comes back: opened again for ever, however it went away.

Each opening has a thread of its own, since a name may take long to be looked up and a gpsd to
answer: who polls never waits. Nothing of an opening is used again.
"""

from __future__ import annotations

import random as randomness
import threading
import time
from collections import Counter
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from edgecrack.backoff import Backoff
from edgecrack.errors import EdgecrackError, InputError, SourceError
from edgecrack.positions.reception import HEARD, ReceiverChange, ReceiverState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from edgecrack.positions import Receiver
    from edgecrack.records import Fix

    Open = Callable[[], Receiver]

_TELL_AGAIN_S = 60.0  # the numbers of satellites change each second


def open_in_thread(open_receiver: Open) -> Future[Receiver]:
    """Begin an opening that may hang: its thread keeps no process alive."""
    opening: Future[Receiver] = Future()

    def work() -> None:
        try:
            opening.set_result(open_receiver())
        except EdgecrackError as error:
            opening.set_exception(error)
        finally:  # whatever else was raised, the thread tells
            if not opening.done():
                opening.set_exception(SourceError("opening the receiver broke off"))

    threading.Thread(target=work, name="receiver", daemon=True).start()
    return opening


@dataclass(frozen=True, slots=True)
class Supervision:
    """How a receiver is supervised.

    Attributes:
        on_change: Told once of each change, in the thread that polls.
        backoff: Waits between openings; after a fix the first wait is short again.
        begin: Begins an opening.
        clock: Monotonic seconds.
        random: Numbers from 0 to 1, for the jitter.
    """

    on_change: Callable[[ReceiverChange], None] = lambda _change: None
    backoff: Backoff = field(default_factory=Backoff)
    begin: Callable[[Open], Future[Receiver]] = open_in_thread
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = randomness.random


class SupervisedReceiver:
    """A ``Receiver`` that raises nothing while it is away, and has no fixes then.

    The first opening is made at once, and all are repeated whatever came of them: a port that was
    plugged in, or found at boot, may not be opened until its group was set.

    Args:
        open_receiver: Opens it.
        supervision: How it is supervised.

    Raises:
        UsageError: There can be no such receiver.
    """

    def __init__(self, open_receiver: Open, supervision: Supervision | None = None) -> None:
        self._open, self._how = open_receiver, supervision or Supervision()
        self._receiver: Receiver | None = None
        self._opening: Future[Receiver] | None = None
        self._read: Counter[str] = Counter()  # by receivers that are gone
        self._lost = self._failures = 0
        self._openings = 1
        self._away_s, self._since_s = 0.0, self._how.clock()
        self._due_s: float | None = None  # when to open it again; None once it is closed
        self._told, self._told_s = ReceiverChange(ReceiverState.OPENING), self._since_s
        try:
            self._take(open_receiver())
        except (InputError, SourceError) as error:
            self._wait()
            self._tell(ReceiverChange(ReceiverState.OPENING, str(error)))

    @property
    def counts(self) -> Mapping[str, int]:
        """What all its openings read, how many there were, and for how long it was not there.

        The keys, beside those of the receiver's parser: ``openings``, those that failed included,
        ``lost`` and ``away_s``.
        """
        away_s = self._away_s
        if self._receiver is None and self._due_s is not None:
            away_s += self._how.clock() - self._since_s
        read = self._read.copy()
        if self._receiver is not None:
            read.update(self._receiver.counts)
        own = {"openings": self._openings, "lost": self._lost, "away_s": round(away_s)}
        return {**read, **own}

    @property
    def reception(self) -> ReceiverChange:
        """What it was last told to be."""
        return self._told

    def poll(self) -> list[Fix]:
        """Return the fixes that arrived since the last call; none while it is away."""
        if self._receiver is None:
            self._reopen()
        if self._receiver is None:
            return []
        try:
            fixes = [*self._receiver.poll()]
        except SourceError as error:
            self._lose(ReceiverChange(ReceiverState.AWAY, str(error)))
            return []
        self._note(self._receiver.reception)
        if fixes:
            self._failures = 0
        return fixes

    def close(self) -> None:
        """Disconnect for good; safe to call twice. An opening at work is closed when it ends."""
        if self._receiver is None and self._due_s is not None:
            self._away_s += self._how.clock() - self._since_s
        self._due_s = None
        if self._receiver is not None:
            self._let_go(self._receiver)
        if self._opening is not None:
            self._opening.add_done_callback(_close_result)
            self._opening = None

    def _take(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._away_s += self._how.clock() - self._since_s
        if self._told.state is not ReceiverState.SILENT:  # opening a port proves nothing
            self._tell(HEARD)

    def _note(self, heard: ReceiverChange | None) -> None:
        """Take in what a receiver says of itself; one that is silent is opened again."""
        if heard is None:
            return
        if heard.state is ReceiverState.SILENT:
            self._lose(heard)
            return
        is_old = self._how.clock() - self._told_s >= _TELL_AGAIN_S
        if heard.state is not self._told.state or (heard != self._told and is_old):
            self._tell(heard)

    def _lose(self, why: ReceiverChange) -> None:
        if self._receiver is not None:
            self._let_go(self._receiver)
        self._lost += 1
        self._since_s = self._how.clock()
        self._wait()
        if why != self._told:  # the same silence, again and again, is told once
            self._tell(why)

    def _let_go(self, receiver: Receiver) -> None:
        self._read.update(receiver.counts)
        receiver.close()
        self._receiver = None

    def _wait(self) -> None:
        wait_s = self._how.backoff.next_s(self._failures, self._how.random)
        self._failures += 1
        self._due_s = self._how.clock() + wait_s

    def _reopen(self) -> None:
        """Begin an opening when it is time to, or take what came of it."""
        if self._opening is None:
            if self._due_s is None or self._how.clock() < self._due_s:
                return
            self._openings += 1
            self._opening = self._how.begin(self._open)
        if not self._opening.done():
            return
        opening, self._opening = self._opening, None
        try:
            self._take(opening.result())
        except (InputError, SourceError):
            self._wait()

    def _tell(self, change: ReceiverChange) -> None:
        self._told, self._told_s = change, self._how.clock()
        self._how.on_change(change)


def _close_result(opening: Future[Receiver]) -> None:
    if opening.exception() is None:
        opening.result().close()
