"""A live source that comes back: opened again for ever, however it went away.

Each opening has a thread of its own, which opens the source, waits until nobody wants it, and
closes it. So neither a server that does not answer nor a driver that does not let go holds up who
takes the frames: a thread that hangs is left behind and counted. Nothing of an opening is used
again.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from edgecrack.backoff import Backoff
from edgecrack.capture_state import CaptureState, Interruptions, StateChange
from edgecrack.errors import EdgecrackError, RegionError, SourceError
from edgecrack.sources import SourceCounts
from edgecrack.sources.continuation import Continuation
from edgecrack.sources.opening import Opening

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edgecrack.records import Frame
    from edgecrack.sources import Source
    from edgecrack.sources.opening import Open

SLICE_S = 0.25
"""The longest wait without a word to whoever takes the frames."""

OPEN_WITHIN_S = 60.0
"""How long an opening may take; by itself it gives up after 15 s, twice where hardware decodes."""

CLOSE_WITHIN_S = 5.0
"""How long an opening may take to end."""

END_WITHIN_S = 2.0
"""How long the end of all waits for that."""

MOST_HANGING = 3
"""So many openings may hang at once; with one more, only a new process can help."""


@dataclass(frozen=True, slots=True)
class Supervision:
    """How a source is supervised.

    Attributes:
        stale_after_s: So long without a picture, and it is given up.
        on_change: Told of each change of state, in the thread that takes the frames.
        on_wait: Told the seconds waited so far, of how many nobody knows, until the first picture.
        backoff: Waits between attempts.
        clock_s: Monotonic seconds.
        wait: Waits for an event, for so many seconds at most.
    """

    stale_after_s: float = 5.0
    on_change: Callable[[StateChange], None] = lambda _change: None
    on_wait: Callable[[int, None], None] = lambda _waited_s, _total: None
    backoff: Backoff = field(default_factory=Backoff)
    clock_s: Callable[[], float] = time.monotonic
    wait: Callable[[threading.Event, float], object] = threading.Event.wait


class SupervisedSource:
    """A ``Source`` that iterates for ever; it yields a frame, or None at least every 0.25 s.

    An opening is given up when it fails or ends, when it gives no picture for too long, and when
    its pictures become such as cannot be taken. It is closed, and a new one is opened, after a wait
    that grows with every failure. Numbers, counts and times go on; the network's input stays.

    Attributes:
        info: What is known of the first opening.
    """

    def __init__(
        self,
        open_source: Open,
        inputs_px: Sequence[tuple[int, int]],
        supervision: Supervision | None = None,
    ) -> None:
        """Wait for the first picture, for ever if need be.

        Args:
            open_source: Opens the source for one of these inputs, and waits for its first picture
                for as long as it is wanted.
            inputs_px: Width and height of each input that the network can have.
            supervision: How it is supervised.

        Raises:
            EdgecrackError: What can never work, or whatever else is neither a ``SourceError`` nor
                a picture that does not hold the region: its camera may yet change its mode.
        """
        self._open, self._inputs_px = open_source, inputs_px
        self._how = supervision or Supervision()
        self._began_s = self._seen_s = self._how.clock_s()
        self._state = StateChange(CaptureState.OPENING)
        self._opening: Opening | None = None
        self._hanging: list[Opening] = []
        self._abandoned = self._failures = self._reconnections = 0
        self._waited_s = self._without_pictures_s = 0.0
        self._has_opened = self._is_interrupted = self._is_closed = False
        self._last_reason = ""
        self._before = SourceCounts(0)
        self._how.on_change(self._state)
        try:
            for _ in self._opened():
                self._how.on_wait(round(self._how.clock_s() - self._began_s), None)
        except BaseException:  # also Ctrl-C
            self.close()
            raise
        self.info = self._current.info
        self._inputs_px = [self.info.input_px] if self.info.input_px else inputs_px
        self._frames = Continuation(self.info.start_ns)
        self._waited_s = self._how.clock_s() - self._began_s
        self._has_opened = True
        self._change(CaptureState.CAPTURING)

    def __iter__(self) -> Iterator[Frame | None]:
        """Yield frames, and None while there is none; ends only when it is closed.

        Raises:
            SourceError: Too many openings hang: only a new process can let go of them.
        """
        self._seen_s = self._how.clock_s()
        while not self._is_closed:
            try:
                yield from self._captured(self._current)
                reason = f"{self.info.name} ended"
            except EdgecrackError as error:  # it has worked, so nothing about it is final
                reason = str(error)
            if self._is_closed:
                return
            yield from self._given_up(reason)
            yield from self._opened()

    def counts(self) -> SourceCounts:
        """Count what was delivered and dropped over all openings, and the interruptions."""
        counts = self._before
        if self._opening is not None and not self._is_interrupted:
            counts = counts.plus(self._current.counts())
        now_s = self._how.clock_s() if self._is_interrupted else self._seen_s
        interruptions = Interruptions(
            reconnections=self._reconnections,
            without_pictures_s=round(self._without_pictures_s + now_s - self._seen_s, 3),
            waited_s=round(self._waited_s, 3),
            abandoned=self._abandoned,
            last_reason=self._last_reason,
        )
        return replace(counts, interruptions=interruptions)

    def refit(self, input_px: tuple[int, int]) -> None:
        """Scale what follows, also after other openings, for another input; see ``Source``."""
        self.info, self._inputs_px = replace(self.info, input_px=input_px), [input_px]
        self._current.refit(input_px)

    def close(self) -> None:
        """Let go of the source; safe to call twice, and in mid-stream."""
        self._is_closed = True
        if self._opening is not None:
            self._opening.leave()
            self._opening.join(END_WITHIN_S)

    @property
    def _current(self) -> Source:
        assert self._opening is not None  # noqa: S101  for mypy
        return self._opening.source

    def _captured(self, source: Source) -> Iterator[Frame | None]:
        """Yield the frames of an opening until it ends, fails, or gives none for too long."""
        heard_s = self._how.clock_s()
        for frame in source:
            if self._is_closed:
                return
            if frame is not None:
                self._note_picture()
                yield self._frames.next(frame)
                heard_s = self._how.clock_s()  # what happened meanwhile is not its silence
                continue
            if self._how.clock_s() - heard_s > self._how.stale_after_s:
                limit = f"{self._how.stale_after_s:g} s"
                raise SourceError(f"{self.info.name} has given no picture for {limit}")
            yield None

    def _note_picture(self) -> None:
        now_s = self._how.clock_s()
        if self._is_interrupted:
            self._is_interrupted = False
            self._without_pictures_s += now_s - self._seen_s
            self._reconnections += 1
            self._change(CaptureState.CAPTURING)
        self._seen_s, self._failures = now_s, 0

    def _given_up(self, reason: str) -> Iterator[None]:
        """Close what is open, or leave it behind; yield None meanwhile."""
        opening, self._opening = self._opening, None
        assert opening is not None  # noqa: S101  for mypy
        self._before = self._before.plus(opening.source.counts())
        self._is_interrupted, self._last_reason = True, reason
        self._failures += 1
        self._change(CaptureState.RECONNECTING, reason)
        yield from self._ended(opening)

    def _opened(self) -> Iterator[None]:
        """Open it, however often that fails; yield None meanwhile."""
        while not self._is_closed:
            yield from self._backed_off()
            opening = self._opening = Opening(self._open, self._inputs_px)
            yield from self._awaited(opening.is_decided, OPEN_WITHIN_S)
            if self._is_closed:
                return
            failure = self._failure_of(opening)
            if failure is None:
                if self._has_opened:
                    self._frames.begin(self._before.delivered)
                return
            self._opening = None
            self._failures += 1
            self._change(self._state.state, str(failure))
            del failure  # it holds on to what it came from
            yield from self._ended(opening)

    def _backed_off(self) -> Iterator[None]:
        """Wait before another attempt; yield None meanwhile."""
        if self._failures:
            wait_s = self._how.backoff.next_s(self._failures - 1, random.random)
            yield from self._awaited(threading.Event(), wait_s)
        self._hanging = [opening for opening in self._hanging if not opening.has_ended.is_set()]
        if len(self._hanging) > MOST_HANGING:
            raise SourceError(
                f"the source gives no pictures, and {len(self._hanging)} openings of it hang, "
                f"which a new start ends: {self._state.reason}"
            )

    def _failure_of(self, opening: Opening) -> EdgecrackError | None:
        """Return why it did not open, or None where it did; raise what can never work."""
        if not opening.is_decided.is_set():
            return SourceError(f"the source has not opened for {OPEN_WITHIN_S:g} s")
        failure = opening.take_failure()
        may_pass = self._has_opened or isinstance(failure, (RegionError, SourceError))
        if failure is not None and not may_pass:  # once it has worked, nothing is final
            raise failure
        return failure

    def _ended(self, opening: Opening) -> Iterator[None]:
        """Wait until an opening has let go of everything, but not for ever."""
        opening.leave()
        yield from self._awaited(opening.has_ended, CLOSE_WITHIN_S)
        if not opening.has_ended.is_set() and not self._is_closed:
            self._abandoned += 1
            self._hanging.append(opening)

    def _awaited(self, event: threading.Event, most_s: float) -> Iterator[None]:
        """Wait for an event for so long at most; yield None at least every ``SLICE_S``."""
        end_s = self._how.clock_s() + most_s
        while not (event.is_set() or self._is_closed):
            left_s = end_s - self._how.clock_s()
            if left_s <= 0:
                return
            self._how.wait(event, min(left_s, SLICE_S))
            yield None

    def _change(self, state: CaptureState, reason: str = "") -> None:
        change = StateChange(state, reason)
        if change != self._state:  # the same failure, again and again, is told once
            self._state = change
            self._how.on_change(change)
