"""One segment after the other: rolled from time to time, and begun anew when a disk fails.

A unit that nobody looks after must survive a full or read-only disk. While nothing can be written,
records wait here without their pictures; when a segment can be begun again, they are its first
lines. What was handed to a segment that failed and not acknowledged is written once more: a reader
knows a record by its run and its frame.
"""

from __future__ import annotations

import random
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgecrack.backoff import Backoff
from edgecrack.errors import SinkError
from edgecrack.sinks.record_only import has_pictures, without_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgecrack.records import Observation
    from edgecrack.sinks import Sink

MOST_HELD = 20_000
"""Records that may wait for a disk that takes nothing: some 50 MB."""


class Segment(Protocol):
    """A segment that is being written."""

    @property
    def sinks(self) -> Sequence[Sink]:
        """What keeps its results, in the order in which they are written and synced."""

    def written_bytes(self) -> int:
        """Return how much has been written to it."""

    def check_room(self) -> None:
        """Leave the last of the disk to others.

        Raises:
            SinkError: There is too little room left to go on.
        """

    def end(self, exit_reason: str = ...) -> None:
        """Write its last files: it was closed in order, because it was full or for this reason.

        Raises:
            SinkError: They cannot be written.
        """

    def leave(self) -> None:
        """Let it be: it failed, and is repaired later."""


@dataclass(frozen=True, slots=True)
class Roll:
    """When a segment is full.

    Attributes:
        after_s: So long after it began; None is never.
        after_bytes: When so much has been written; None is never.
    """

    after_s: float | None = None
    after_bytes: int | None = None

    def is_due(self, age_s: float, written_bytes: int) -> bool:
        """Whether a segment of this age and size is full.

        >>> Roll(after_s=60).is_due(59, 10**9), Roll(after_bytes=10).is_due(0, 10)
        (False, True)
        """
        is_old = self.after_s is not None and age_s >= self.after_s
        return is_old or (self.after_bytes is not None and written_bytes >= self.after_bytes)


@dataclass(slots=True)
class SegmentCounts:
    """What became of segments and records.

    Attributes:
        begun: Segments begun.
        failures: How often one could not be begun or written.
        records_held: The most records that waited for the disk at once.
        records_lost: Records given up because too many waited.
    """

    begun: int = 0
    failures: int = 0
    records_held: int = 0
    records_lost: int = 0


class SegmentSink:
    """Keeps observations in segments; a failure of the disk is survived, and told.

    Args:
        begin: Begins a segment.
        roll: When the next one is begun.
        note: Told of a state of the storage, ``recording`` or ``failing``, and why.
        all_masks: Whether pictures of frames without a crack are kept, too.
        clock_s: Monotonic seconds.

    Attributes:
        counts: What became of segments and records.
    """

    def __init__(
        self,
        begin: Callable[[], Segment],
        roll: Roll,
        note: Callable[[str, str], None] = lambda _state, _reason: None,
        *,
        all_masks: bool = False,
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._all_masks = all_masks
        self._begin, self._roll, self._note, self._clock_s = begin, roll, note, clock_s
        self._backoff, self._failed_in_a_row, self._retry_s = Backoff(), 0, float("-inf")
        self._segment: Segment | None = None
        self._began_s, self._is_empty = 0.0, True
        self._held: deque[Observation] = deque()  # not acknowledged, without pictures
        self._pictures_waiting = self._missed_before = 0
        self.counts = SegmentCounts()

    @property
    def missed(self) -> int:
        """Pictures that were due but had been given up, or could not be written."""
        now = self._segment.sinks if self._segment is not None else ()
        return self._missed_before + sum(sink.missed for sink in now)

    @property
    def held(self) -> int:
        """Records that are not acknowledged yet."""
        return len(self._held)

    def write(self, observation: Observation) -> None:
        """Take an observation; where the disk takes none, its record waits."""
        segment = self._segment or self._begun()
        is_due = observation.has_crack or self._all_masks
        self._pictures_waiting += is_due and has_pictures(observation)
        if observation.has_crack:
            self._hold(observation)
        if segment is None:
            self._give_up_pictures()
            return
        self._is_empty = False
        try:
            for sink in segment.sinks:
                sink.write(observation)
        except SinkError as error:
            self._fail(error)

    def sync(self) -> None:
        """Make durable what was written, and end the segment when it is full."""
        segment = self._segment or (self._begun() if self._held else None)
        if segment is None:
            return
        try:
            for sink in segment.sinks:
                sink.sync()
            self._held.clear()
            self._pictures_waiting = 0
            segment.check_room()
            age_s = self._clock_s() - self._began_s
            if not self._is_empty and self._roll.is_due(age_s, segment.written_bytes()):
                self._end(segment)
        except SinkError as error:
            self._fail(error)

    def close(self) -> None:
        """Let go of the segment, which its owner ends; safe to call twice.

        Raises:
            SinkError: Records wait, and the disk still takes none.
        """
        if self._segment is None and self._held:
            self._retry_s = float("-inf")
            self.sync()
        for sink in self._segment.sinks if self._segment is not None else ():
            sink.close()
        held, self._held = len(self._held), deque()
        if held:
            self.counts.records_lost += held
            raise SinkError(f"{held} records should be written, but the disk takes none; check it")

    def finish(self) -> Segment | None:
        """Return the last segment, closed, for its owner to end; None where there is none."""
        segment = self._segment
        if segment is not None:
            self._let_go(segment)
        return segment

    def _begun(self) -> Segment | None:
        """Begin a segment, if it is time to; the records that wait are its first lines."""
        if self._clock_s() < self._retry_s:
            return None
        try:
            segment = self._segment = self._begin()
            self.counts.begun += 1
            self._began_s, self._is_empty = self._clock_s(), not self._held
            self._write_held(segment)
        except SinkError as error:
            self._fail(error)
            return None
        self._failed_in_a_row = 0
        self._note("recording", "")
        return segment

    def _write_held(self, segment: Segment) -> None:
        try:
            for observation in self._held:
                for sink in segment.sinks:
                    sink.write(observation)
        finally:  # that their pictures are missing has been counted before
            self._missed_before -= sum(sink.missed for sink in segment.sinks)

    def _hold(self, observation: Observation) -> None:
        self._held.append(without_pictures(observation))
        if len(self._held) > MOST_HELD:
            self._held.popleft()
            self.counts.records_lost += 1
        self.counts.records_held = max(self.counts.records_held, len(self._held))

    def _fail(self, error: SinkError) -> None:
        self.counts.failures += 1
        wait_s = self._backoff.next_s(self._failed_in_a_row, random.random)
        self._failed_in_a_row += 1
        self._retry_s = self._clock_s() + wait_s
        self._note("failing", str(error))
        self._give_up_pictures()
        segment = self._segment
        if segment is not None:
            self._let_go(segment)
            segment.leave()

    def _give_up_pictures(self) -> None:
        self._missed_before += self._pictures_waiting
        self._pictures_waiting = 0

    def _end(self, segment: Segment) -> None:
        self._let_go(segment)
        try:
            segment.end()
        except SinkError:
            segment.leave()
            raise

    def _let_go(self, segment: Segment) -> None:
        self._segment = None
        for sink in segment.sinks:
            self._missed_before += sink.missed
            with suppress(SinkError):
                sink.close()
