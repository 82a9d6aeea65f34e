"""Where pictures enter a stream's pipeline: one waits at most, and each second has a key picture."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from edgecrack.errors import SinkError
from edgecrack.gst.buffers import wrap
from edgecrack.gst.runtime import Gst, GstVideo

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.records import RgbImage

LEAST_SIDE_PX = 16
"""Below one macroblock of H.264 the encoders refuse a picture."""

KEY_EVERY_S = 1.0
"""Who begins to watch sees a picture after so long at most, however few come a second."""


def even_size_px(size_px: tuple[int, int]) -> tuple[int, int]:
    """Return the size of a stream: without the last row or column where that is odd.

    Raises:
        SinkError: No encoder takes pictures so small.
    """
    if min(size_px) < LEAST_SIDE_PX:
        least, (width_px, height_px) = LEAST_SIDE_PX, size_px
        raise SinkError(
            f"a stream needs pictures of at least {least}x{least}, not {width_px}x{height_px}"
        )
    return size_px[0] // 2 * 2, size_px[1] // 2 * 2


class PictureInput:
    """The appsrc of a stream.

    Args:
        appsrc: Its element.
        size_px: Width and height of the stream.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        appsrc: Any,  # noqa: ANN401 - gi has no types
        size_px: tuple[int, int],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._appsrc, self._size_px, self._clock = appsrc, size_px, clock
        self._key_s = clock()  # the first picture is one by itself
        self.has_failed = False

    def push(self, picture: RgbImage) -> bool:
        """Hand over a picture without waiting; False where an older one was left out for it."""
        is_full = self._appsrc.get_property("current-level-buffers") > 0
        now_s = self._clock()
        if now_s - self._key_s >= KEY_EVERY_S:
            self._key_s = now_s
            self._appsrc.send_event(_key_picture())
        width_px, height_px = self._size_px
        buffer = wrap(picture[:height_px, :width_px], Gst.CLOCK_TIME_NONE)
        answer = self._appsrc.push_buffer(buffer)
        self.has_failed = answer not in {Gst.FlowReturn.OK, Gst.FlowReturn.FLUSHING}
        return not is_full


def _key_picture() -> Any:  # noqa: ANN401
    now = Gst.CLOCK_TIME_NONE
    return GstVideo.video_event_new_downstream_force_key_unit(now, now, now, True, 0)  # noqa: FBT003
