"""What a run hands to its writers, and whose pictures are given up when a camera outruns the disk.

Pictures wait twice: for their place, until the receiver has sent the next fix, and for the disk. A
receiver that sends once a second lets a second of them go to the disk at once, so both share one
memory: what was taken in is not given up on the way. Only when that is full, which means that the
disk does not keep up, are new detections taken in without their pictures. A file is waited for.
"""

from __future__ import annotations

from contextlib import ExitStack, closing
from typing import TYPE_CHECKING

from edgecrack.positions.geotag import MOST_WAITING_BYTES
from edgecrack.sinks.preview import Preview
from edgecrack.sinks.record_only import detection_only
from edgecrack.sinks.writer import Writer

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType

    from typing_extensions import Self

    from edgecrack.meter import Meter
    from edgecrack.positions.geotag import Geotagger
    from edgecrack.records import Detection, Observation
    from edgecrack.sinks import Sink

LIVE_BYTES = MOST_WAITING_BYTES * 4 // 3
"""Memory of the pictures of a camera that wait for their place or the disk: 256 MiB."""

PREVIEW_BYTES = LIVE_BYTES // 2
"""Memory of the pictures of a camera that wait for what is only shown."""

FILE_BYTES = 32 * 2**20
"""Memory of the pictures of a file that wait for the disk; more would make nothing faster."""

CLOSE_WITHIN_S = 20.0
"""How long the end of a live run waits for the disk before it gives up pictures; systemd kills a
unit after 90 s."""


class Output:
    """The writers of a run: one of results, one of previews.

    Args:
        results: Sinks that are to get everything.
        previews: Sinks that only show the run; they may lose whole frames of a camera.
        geotagger: Where detections wait for their place.
        live: Whether pictures come from a camera, which cannot be waited for.
        meter: Told of everything that was written.
        on_preview_failure: Told why a camera's previews have ended: that ends no run.
    """

    def __init__(
        self,
        results: Sequence[Sink],
        previews: Sequence[Sink],
        geotagger: Geotagger,
        *,
        live: bool,
        meter: Meter,
        on_preview_failure: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        self._geotagger, self._live, self._meter = geotagger, live, meter
        self._stack = ExitStack()
        self._results = self._stack.enter_context(self._writer(results, meter.emitted))
        self._previews: Preview | None = None
        if previews:
            writer = self._writer(previews, meter.previewed)
            failed = on_preview_failure
            self._previews = Preview(writer, PREVIEW_BYTES, live=live, on_failure=failed)
            self._stack.enter_context(closing(self._previews))

    @property
    def missed(self) -> int:
        """Pictures that were due in some sink and were given up; final when closed."""
        return self._results.missed + (self._previews.missed if self._previews else 0)

    @property
    def busy_s(self) -> float:
        """For how long a writer has been at one piece of work: much, and it hangs."""
        return max(self._results.busy_s, self._previews.busy_s if self._previews else 0.0)

    @property
    def waiting_bytes(self) -> int:
        """Memory of the pictures that wait for their place or the disk."""
        return self._geotagger.waiting_bytes + self._results.waiting_bytes

    def admit(self, detection: Detection) -> Detection:
        """Return a new detection as it may wait: without pictures when memory is full."""
        waiting_bytes = self.waiting_bytes
        is_full = waiting_bytes + detection.picture_bytes > LIVE_BYTES
        return detection_only(detection) if self._live and waiting_bytes and is_full else detection

    def write(self, observation: Observation) -> None:
        """Hand an observation to the writers.

        Raises:
            SinkError: A sink failed.
        """
        self._meter.placed(observation.placement.quality)
        self._results.put(observation, wait=not self._live)
        if self._previews is not None:
            self._previews.put(observation)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.__exit__(kind, error, traceback)

    def _writer(self, sinks: Sequence[Sink], on_emit: Callable[[float, float], None]) -> Writer:
        close_within_s = CLOSE_WITHIN_S if self._live else None
        return Writer(sinks, most_bytes=FILE_BYTES, close_within_s=close_within_s, on_emit=on_emit)
