"""From a source to the sinks: the one loop.

Inference releases Python's lock, so in file mode a few frames are worked on at the same time, each
on one thread: that keeps every core busy, and while they compute, GStreamer decodes ahead and the
writer's thread encodes behind. In live mode one frame is worked on by all cores, because there the
age of the answer counts. Order is kept in both.
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError
from edgecrack.mask import measure, region_on_canvas, to_mask
from edgecrack.records import Detection, Frame, Region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from edgecrack.report import Meter
    from edgecrack.segmenters import Segmenter
    from edgecrack.sources import SourceInfo


class Detector:
    """Finds the cracks of one frame. May be called by many threads at the same time.

    Args:
        segmenter: What says how likely each pixel is crack.
        info: The source, for the size and region of its pictures.
    """

    def __init__(self, segmenter: Segmenter, info: SourceInfo) -> None:
        self._segmenter, self._info = segmenter, info
        whole = Region(0, 0, info.width_px, info.height_px)
        self._sees_all = info.region == whole

    def __call__(self, frame: Frame) -> Detection:
        """Return what is in ``frame``."""
        watch = _Stopwatch()
        probability = self._segmenter.probability(frame.image)
        watch.lap("infer")
        canvas = (frame.evidence.shape[1], frame.evidence.shape[0])
        where = self._window(canvas)
        mask = to_mask(probability, self._segmenter.threshold, where, canvas)
        watch.lap("mask")
        found = measure(mask, probability, where)
        watch.lap("measure")
        return Detection(frame, mask, found, watch.laps)

    def _window(self, canvas_px: tuple[int, int]) -> Region:
        if self._sees_all:  # also right for pictures of another size than the first
            return Region(0, 0, *canvas_px)
        source_px = (self._info.width_px, self._info.height_px)
        return region_on_canvas(self._info.region, source_px, canvas_px)


class _Stopwatch:
    """Wall and CPU seconds of this thread, lap by lap."""

    def __init__(self) -> None:
        self.laps: dict[str, tuple[float, float]] = {}
        self._wall_s, self._cpu_s = time.perf_counter(), time.thread_time()

    def lap(self, name: str) -> None:
        wall_s, cpu_s = time.perf_counter(), time.thread_time()
        self.laps[name] = (wall_s - self._wall_s, cpu_s - self._cpu_s)
        self._wall_s, self._cpu_s = wall_s, cpu_s


class StopSignal:
    """A request to end, from a signal. Waiting for a picture is cut short; nothing else is."""

    def __init__(self) -> None:
        self.asked = False
        self._waiting = False

    def __call__(self, *_signal: object) -> None:
        """Ask for the end; fits ``signal.signal``."""
        self.asked = True
        if self._waiting:
            raise KeyboardInterrupt

    def frames(self, source: Iterable[Frame], meter: Meter) -> Iterator[Frame]:
        """Yield frames until there are none or the end is asked for; times the waiting."""
        pictures = iter(source)
        while not self.asked:
            began_s = time.perf_counter()
            try:
                try:
                    self._waiting = True
                    frame = next(pictures, None)
                finally:
                    self._waiting = False
            except KeyboardInterrupt:  # at any instant up to the line above, that one included
                return
            if frame is None:
                return
            meter.stage("decode", time.perf_counter() - began_s)
            meter.arrived(time.monotonic_ns())
            yield frame


def ordered_map(
    frames: Iterable[Frame], look: Callable[[Frame], Detection], workers: int
) -> Iterator[Detection]:
    """Look at frames, up to ``workers`` at the same time, and yield the findings in order.

    What was begun when the source fails is still yielded before its error.
    """
    if workers == 1:  # live: the next frame is asked for when this one is done, so it is the newest
        yield from map(look, frames)
        return
    with ThreadPoolExecutor(workers, thread_name_prefix="look") as pool:
        begun: deque[Future[Detection]] = deque()
        failure: EdgecrackError | None = None
        try:
            for frame in frames:
                begun.append(pool.submit(look, frame))
                if len(begun) > workers:
                    yield begun.popleft().result()
        except EdgecrackError as error:
            failure = error
        while begun:
            yield begun.popleft().result()
        if failure is not None:
            raise failure
