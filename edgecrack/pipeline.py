"""The one loop, from a source to the sinks: frame -> detect -> geotag -> write.

Inference releases Python's lock, so in file mode a few frames are worked on at the same time, each
on one thread: that keeps every core busy, and while they compute, GStreamer decodes ahead and the
writer's thread encodes behind. In live mode one frame is worked on by all cores, because there the
age of the answer counts. Order is kept in both.
"""

from __future__ import annotations

from collections import deque
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from concurrent.futures import Future

    from edgecrack.meter import Meter
    from edgecrack.positions.geotag import Geotagger
    from edgecrack.records import Detection, Frame, Observation

_Item = TypeVar("_Item")
_Result = TypeVar("_Result")


def survey(
    frames: Iterable[Frame | None],
    detect: Callable[[Frame], Detection],
    geotagger: Geotagger,
    write: Callable[[Observation], None],
    *,
    at_once: int,
    meter: Meter,
) -> None:
    """Carry every frame to ``write``, in order.

    Args:
        frames: In order; None where a live source had no picture in time, or one was left out,
            so that what waits for its place goes on meanwhile.
        detect: Finds the cracks of a frame; called by ``at_once`` threads.
        geotagger: Gives each detection its place.
        write: Takes each observation.
        at_once: Frames worked on at the same time, at least 1.
        meter: Told of every detection.

    Raises:
        EdgecrackError: The source, the receiver, the network or ``write`` failed. What was
            detected before has been handed to ``write``.
    """
    try:
        for detection in ordered_map(detect, frames, at_once):
            if detection is not None:
                meter.detected(detection)
                geotagger.add(detection)
            else:
                meter.waited()
            for observation in geotagger.settled():
                write(observation)
    finally:
        for observation in geotagger.rest():
            write(observation)


def ordered_map(
    function: Callable[[_Item], _Result], items: Iterable[_Item | None], at_once: int
) -> Iterator[_Result | None]:
    """Yield ``function(item)`` in the order of the items, working on several at the same time.

    None stands for "nothing yet" and is passed on. Whatever ``items`` or ``function`` raises, what
    was begun is yielded before it. After Ctrl-C only what is done is: the rest may never be.

    Example:
        >>> list(ordered_map(str, [1, None, 2], at_once=2))
        ['1', None, '2']
    """
    # Live, the next frame is asked for when this one is done, so it is the newest.
    ahead = at_once if at_once > 1 else 0
    begun: deque[Future[_Result | None]] = deque()
    with ExitStack() as stack:
        pool = ThreadPoolExecutor(at_once, thread_name_prefix="detect")
        stack.callback(pool.shutdown, wait=False, cancel_futures=True)
        try:
            for item in items:
                begun.append(pool.submit(_apply, function, item))
                if len(begun) > ahead:
                    yield begun.popleft().result()
            while begun:
                yield begun.popleft().result()
        except GeneratorExit:  # the caller wants no more
            begun.clear()
            raise
        except KeyboardInterrupt:
            begun = deque(future for future in begun if future.done())
            raise
        finally:
            for future in begun:
                if future.exception() is None:
                    yield future.result()


def _apply(function: Callable[[_Item], _Result], item: _Item | None) -> _Result | None:
    return None if item is None else function(item)
