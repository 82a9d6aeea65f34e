"""What only shows a run, behind a writer of its own: of a camera it may lag, and it fails alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError
from edgecrack.sinks.record_only import without_pictures

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.records import Observation
    from edgecrack.sinks.writer import Writer


class Preview:
    """Hands observations to what shows them.

    A camera waits for nobody: where the memory for its pictures is full they are given up, and
    where the writer has failed, or its queue is full because it hangs, all of them are. A file is
    waited for, and a failure of what was asked for ends its run.

    Args:
        writer: Feeds the sinks.
        most_bytes: Memory of a camera's pictures that may wait.
        live: Whether pictures come from a camera.
        on_failure: Told once why a camera's run is shown no more.
    """

    def __init__(
        self, writer: Writer, most_bytes: int, *, live: bool, on_failure: Callable[[str], None]
    ) -> None:
        self._writer, self._most_bytes = writer, most_bytes
        self._live, self._on_failure = live, on_failure
        self._lost, self._has_failed = 0, False

    @property
    def missed(self) -> int:
        """Pictures that were due and were given up."""
        return self._writer.missed + self._writer.unwritten + self._lost

    @property
    def busy_s(self) -> float:
        """For how long its thread has been at one piece of work."""
        return self._writer.busy_s

    def put(self, observation: Observation) -> None:
        """Hand over an observation.

        Raises:
            SinkError: A sink failed, and no camera is waiting.
        """
        if not self._live:
            self._writer.put(observation, wait=True)
            return
        size_bytes = observation.detection.picture_bytes
        is_full = self._writer.waiting_bytes + size_bytes > self._most_bytes
        try:
            self._writer.put(without_pictures(observation) if is_full else observation, wait=False)
        except EdgecrackError as error:
            self._lost += 1
            self._tell(error)

    def close(self) -> None:
        """Write what waits; safe to call twice.

        Raises:
            SinkError: A sink failed, and no camera was waiting.
        """
        if not self._live:
            self._writer.close()
            return
        try:
            self._writer.close()
        except EdgecrackError as error:
            self._tell(error)

    def _tell(self, error: EdgecrackError) -> None:
        if not self._has_failed:
            self._has_failed = True
            self._on_failure(str(error))
