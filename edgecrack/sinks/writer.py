"""One queue and one thread between the loop that sees and the sinks that keep.

A file may be waited for, so its loop blocks while the queue is full. A camera may not: then
``when_full`` decides what is queued instead. For results that is `without_pictures`: the record is
written all the same. For what is only shown it is `dropped`: nothing.

Whatever a sink raises reaches the loop at its next ``put`` or at ``close``. A writer that has
stopped wakes everyone who waits for room, so no failure can turn into a hang.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.sinks.record_only import without_pictures

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from edgecrack.records import Observation
    from edgecrack.sinks import Sink

    OnEmit = Callable[[float, float], None]

MOST_RECORDS = 100_000
"""Records that may wait for a disk that has stopped: about an hour of video, some 50 MB."""


def dropped(_observation: Observation) -> None:
    """Queue nothing in place of an observation; the writer counts it as missed."""


class Writer:
    """Feed every observation to every sink, in order, from a thread of its own.

    Example:
        >>> from edgecrack.sinks import MemorySink
        >>> with Writer([MemorySink()], depth=4) as writer:
        ...     pass  # writer.put(observation, wait=True)
        >>> writer.missed
        0
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        *,
        depth: int,
        when_full: Callable[[Observation], Observation | None] = without_pictures,
        sync_every_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
        on_emit: OnEmit | None = None,
    ) -> None:
        """Start the thread.

        Args:
            sinks: Written and synced in this order, so records after the pictures they name.
            depth: Observations with pictures that may wait, at least 1.
            when_full: What is queued for an observation that finds no room and may not wait.
            sync_every_s: The longest that something written stays unacknowledged. Syncing
                begins at half of it, which leaves the other half for the disk.
            clock: Monotonic seconds.
            on_emit: Called in the thread after each observation with the wall and CPU seconds it
                took, a sync that fell due with it included. CPU is of this thread: a video
                encoder's own threads are not in it.
        """
        self._sinks, self._depth, self._when_full = sinks, depth, when_full
        self._sync_after_s, self._clock, self._on_emit = sync_every_s / 2, clock, on_emit
        self._queue: deque[Observation] = deque()
        self._dropped = 0
        self._changed = threading.Condition()
        self._closing = self._stopped = False
        self._error: EdgecrackError | None = None
        self._unsynced_since_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def missed(self) -> int:
        """Pictures that were due in some sink and were dropped because output lagged."""
        return self._dropped + sum(sink.missed for sink in self._sinks)

    def put(self, observation: Observation, *, wait: bool) -> None:
        """Hand over an observation.

        Args:
            observation: Its arrays must not change afterwards.
            wait: When the queue is full, wait for room (a file) or queue what ``when_full``
                says instead (a camera).

        Raises:
            SinkError: A sink failed earlier, or records pile up because the disk has stopped.
        """
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._stopped or len(self._queue) < self._depth)
            self._raise_if_stopped()
            taken = observation if len(self._queue) < self._depth else self._when_full(observation)
            if taken is None:
                self._dropped += 1
                return
            if len(self._queue) >= MOST_RECORDS:
                raise SinkError(f"{MOST_RECORDS} records wait for a disk that takes none; check it")
            self._queue.append(taken)
            self._changed.notify_all()

    def close(self) -> None:
        """Write and sync what waits, then close every sink; safe to call twice.

        Raises:
            SinkError: A sink failed, now or earlier.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join()
        if self._error is not None:
            raise self._error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _raise_if_stopped(self) -> None:
        if self._error is not None:
            raise self._error
        if self._stopped or self._closing:
            raise EdgecrackError("the writer has stopped and takes no more observations")

    def _run(self) -> None:
        outcome: EdgecrackError | None = EdgecrackError(
            "the writer stopped through a fault of its own; report the traceback printed above"
        )
        try:
            with ExitStack() as stack:
                for sink in self._sinks:
                    stack.callback(sink.close)
                self._feed()
            outcome = None
        except EdgecrackError as error:
            outcome = error
        finally:  # whatever happened, nobody may wait for a thread that is gone
            with self._changed:
                self._error, self._stopped = outcome, True
                self._changed.notify_all()

    def _feed(self) -> None:
        while (observation := self._take()) is not None:
            self._emit(observation)
        self._sync()

    def _take(self) -> Observation | None:
        """Return the next observation, syncing meanwhile; None when closed and empty."""
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing, self._patience_s())
                if self._queue:
                    self._changed.notify_all()
                    return self._queue.popleft()
                if self._closing:
                    return None
            self._sync_if_due()

    def _emit(self, observation: Observation) -> None:
        began_s, began_cpu_s = self._clock(), time.thread_time()
        if self._unsynced_since_s is None:
            self._unsynced_since_s = began_s
        self._write(observation)
        self._sync_if_due()
        if self._on_emit is not None:
            wall_s, cpu_s = self._clock() - began_s, time.thread_time() - began_cpu_s
            self._on_emit(wall_s, cpu_s)

    def _write(self, observation: Observation) -> None:
        try:
            for sink in self._sinks:
                sink.write(observation)
        except SinkError:
            # What was complete before is worth keeping. A sync that failed is never tried again:
            # the kernel reports lost bytes once, and the second answer would be a false yes.
            with suppress(SinkError):
                self._sync()
            raise

    def _patience_s(self) -> float | None:
        """Return how long an empty queue may be waited for before a sync is due."""
        if self._unsynced_since_s is None:
            return None
        return max(0.0, self._unsynced_since_s + self._sync_after_s - self._clock())

    def _sync_if_due(self) -> None:
        if self._patience_s() == 0.0:
            self._sync()

    def _sync(self) -> None:
        for sink in self._sinks:
            sink.sync()
        self._unsynced_since_s = None
