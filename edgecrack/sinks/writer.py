"""One queue and one thread between the loop that sees and the sinks that keep.

A file may be waited for, so its loop blocks while the pictures in the queue fill their memory. A
camera may not: it looks at ``waiting_bytes`` and hands over records without pictures instead.

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

IDLE_SYNC_S = 5.0
"""How often sinks are synced while nothing comes: a segment may be full by its age."""

_RECORDS_WITHIN_S = 5.0  # what all records that may wait take, once their pictures are given up


class Writer:
    """Feed every observation to every sink, in order, from a thread of its own.

    Example:
        >>> from edgecrack.sinks import MemorySink
        >>> with Writer([MemorySink()], most_bytes=2**20) as writer:
        ...     pass  # writer.put(observation, wait=True)
        >>> writer.missed
        0
    """

    def __init__(
        self,
        sinks: Sequence[Sink],
        *,
        most_bytes: int,
        close_within_s: float | None = None,
        sync_every_s: float = 2.0,
        clock: Callable[[], float] = time.monotonic,
        on_emit: OnEmit | None = None,
    ) -> None:
        """Start the thread.

        Args:
            sinks: Written and synced in this order, so records after the pictures they name.
            most_bytes: Memory of the pictures that may wait where `put` waits for room. One
                observation may always wait, however large.
            close_within_s: How long ``close`` waits for the disk before it gives up pictures;
                None is for ever.
            sync_every_s: The longest that something written stays unacknowledged. Syncing
                begins at half of it, which leaves the other half for the disk.
            clock: Monotonic seconds.
            on_emit: Called in the thread after each observation with the wall and CPU seconds it
                took, a sync that fell due with it included. CPU is of this thread: a video
                encoder's own threads are not in it.
        """
        self._sinks, self._most_bytes, self._close_within_s = sinks, most_bytes, close_within_s
        self._sync_after_s, self._clock, self._on_emit = sync_every_s / 2, clock, on_emit
        self._queue: deque[Observation] = deque()
        self._waiting_bytes = 0
        self._changed = threading.Condition()
        self._closing = self._stopped = False
        self._error: EdgecrackError | None = None
        self._unsynced_since_s: float | None = None
        self._busy_since_s: float | None = None
        self._thread = threading.Thread(target=self._run, name="writer", daemon=True)
        self._thread.start()

    @property
    def missed(self) -> int:
        """Pictures that were due in some sink and were given up because output lagged."""
        return sum(sink.missed for sink in self._sinks)

    @property
    def waiting_bytes(self) -> int:
        """Memory of the pictures that are not written yet."""
        return self._waiting_bytes

    @property
    def unwritten(self) -> int:
        """Observations that a sink's failure kept from being written; 0 where none failed."""
        return len(self._queue) if self._error is not None else 0

    @property
    def busy_s(self) -> float:
        """For how long the thread has been at one piece of work; 0 while it waits for some."""
        since_s = self._busy_since_s
        return 0.0 if since_s is None else self._clock() - since_s

    def put(self, observation: Observation, *, wait: bool) -> None:
        """Hand over an observation.

        Args:
            observation: Its arrays must not change afterwards.
            wait: Wait for room (a file) or not (a camera).

        Raises:
            SinkError: A sink failed earlier, or records pile up because the disk has stopped.
        """
        size_bytes = observation.detection.picture_bytes
        with self._changed:
            if wait:
                self._changed.wait_for(lambda: self._stopped or self._has_room_for(size_bytes))
            self._raise_if_stopped()
            if len(self._queue) >= MOST_RECORDS:
                raise SinkError(f"{MOST_RECORDS} records wait for a disk that takes none; check it")
            self._queue.append(observation)
            self._waiting_bytes += size_bytes
            self._changed.notify_all()

    def close(self) -> None:
        """Write and sync what waits, then close every sink; safe to call twice.

        Raises:
            SinkError: A sink failed, now or earlier, or the disk took nothing for too long.
        """
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._thread.join(self._close_within_s)
        if self._thread.is_alive():
            self._give_up_pictures()
            self._thread.join(_RECORDS_WITHIN_S)
        if self._thread.is_alive():
            raise SinkError(
                f"{len(self._queue)} records should be written at the end, but the disk has taken "
                f"nothing for {_RECORDS_WITHIN_S:g} s; check it"
            )
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

    def _has_room_for(self, size_bytes: int) -> bool:
        return not self._queue or self._waiting_bytes + size_bytes <= self._most_bytes

    def _give_up_pictures(self) -> None:
        with self._changed:
            self._queue = deque(map(without_pictures, self._queue))

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
            self._busy_since_s = None
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
            self._busy_since_s = None
            with self._changed:
                self._changed.wait_for(lambda: self._queue or self._closing, self._patience_s())
                self._busy_since_s = self._clock()
                if self._queue:
                    return self._queue.popleft()
                if self._closing:
                    return None
            if self._unsynced_since_s is None:  # idle: what is written at times may be due
                self._sync()
            self._sync_if_due()

    def _emit(self, observation: Observation) -> None:
        began_s, began_cpu_s = self._clock(), time.thread_time()
        if self._unsynced_since_s is None:
            self._unsynced_since_s = began_s
        self._write(observation)
        with self._changed:
            self._waiting_bytes -= observation.detection.picture_bytes
            self._changed.notify_all()
        self._sync_if_due()
        if self._on_emit is not None:
            wall_s, cpu_s = self._clock() - began_s, time.thread_time() - began_cpu_s
            self._on_emit(wall_s, cpu_s)

    def _write(self, observation: Observation) -> None:
        try:
            for sink in self._sinks:
                sink.write(observation)
        except BaseException:
            # What was complete before is worth keeping. A sync that failed is never tried again:
            # the kernel reports lost bytes once, and the second answer would be a false yes.
            with suppress(SinkError):
                self._sync()
            self._queue.appendleft(observation)
            raise

    def _patience_s(self) -> float | None:
        """Return how long an empty queue may be waited for before a sync is due."""
        if self._unsynced_since_s is None:
            return IDLE_SYNC_S
        return max(0.0, self._unsynced_since_s + self._sync_after_s - self._clock())

    def _sync_if_due(self) -> None:
        if self._patience_s() == 0.0:
            self._sync()

    def _sync(self) -> None:
        for sink in self._sinks:
            sink.sync()
        self._unsynced_since_s = None
