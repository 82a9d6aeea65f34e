"""What a run hands to its writers, and whose pictures are given up when a camera outruns the disk.

Pictures wait twice: for their place, until the receiver has sent the next fix, and for the disk. A
receiver that sends once a second lets a second of them go to the disk at once, so both share one
memory: what was taken in is not given up on the way. Only when that is full, which means that the
disk does not keep up, are new detections taken in without their pictures. A file is waited for.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

from edgecrack.positions.geotag import MOST_WAITING_BYTES
from edgecrack.sinks.record_only import detection_only, without_pictures
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
    """

    def __init__(
        self,
        results: Sequence[Sink],
        previews: Sequence[Sink],
        geotagger: Geotagger,
        *,
        live: bool,
        meter: Meter,
    ) -> None:
        self._geotagger, self._live = geotagger, live
        self._stack = ExitStack()
        self._results = self._writer(results, meter.emitted)
        self._previews = self._writer(previews, meter.previewed) if previews else None

    @property
    def missed(self) -> int:
        """Pictures that were due in some sink and were given up; final when closed."""
        return self._results.missed + (self._previews.missed if self._previews else 0)

    def admit(self, detection: Detection) -> Detection:
        """Return a new detection as it may wait: without pictures when memory is full."""
        waiting_bytes = self._geotagger.waiting_bytes + self._results.waiting_bytes
        is_full = waiting_bytes + detection.picture_bytes > LIVE_BYTES
        return detection_only(detection) if self._live and waiting_bytes and is_full else detection

    def write(self, observation: Observation) -> None:
        """Hand an observation to the writers.

        Raises:
            SinkError: A sink failed.
        """
        self._results.put(observation, wait=not self._live)
        if self._previews is not None:
            size_bytes = observation.detection.picture_bytes
            is_full = self._previews.waiting_bytes + size_bytes > PREVIEW_BYTES
            shown = without_pictures(observation) if self._live and is_full else observation
            self._previews.put(shown, wait=not self._live)

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
        return self._stack.enter_context(
            Writer(sinks, most_bytes=FILE_BYTES, close_within_s=close_within_s, on_emit=on_emit)
        )
