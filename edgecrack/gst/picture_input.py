"""Where pictures enter a stream: one waits at most, and each second has a key picture."""

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

STUCK_S = 10.0
"""What took no picture for so long takes none any more: its clients stall, or its encoder hangs."""


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
        with_keys: Ask for key pictures.
        clock: Monotonic seconds.

    Attributes:
        problem: Why it takes no more pictures, as part of a sentence; None while it does.
    """

    def __init__(
        self,
        appsrc: Any,  # noqa: ANN401 - gi has no types
        size_px: tuple[int, int],
        *,
        with_keys: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._appsrc, self._size_px, self._clock = appsrc, size_px, clock
        self._with_keys = with_keys
        self._key_s = self._taken_s = clock()  # the first picture is a key picture by itself
        self.problem: str | None = None

    def push(self, picture: RgbImage) -> bool:
        """Hand over a picture without waiting; False where an older one was left out for it."""
        now_s = self._clock()
        is_full = self._appsrc.get_property("current-level-buffers") > 0
        if not is_full:
            self._taken_s = now_s
        elif now_s - self._taken_s >= STUCK_S:
            self.problem = f"no picture was taken from it for {STUCK_S:.0f} s"
        if self._with_keys and now_s - self._key_s >= KEY_EVERY_S:
            self._key_s = now_s
            self._appsrc.send_event(_key_picture())
        width_px, height_px = self._size_px
        buffer = wrap(picture[:height_px, :width_px], Gst.CLOCK_TIME_NONE)
        answer = self._appsrc.push_buffer(buffer)
        if answer not in {Gst.FlowReturn.OK, Gst.FlowReturn.FLUSHING}:
            self.problem = "its pictures could not be encoded"
        return not is_full


def _key_picture() -> Any:  # noqa: ANN401
    now = Gst.CLOCK_TIME_NONE
    return GstVideo.video_event_new_downstream_force_key_unit(now, now, now, True, 0)  # noqa: FBT003
