"""The times of a stream's pictures, as players show them and as clocks tell them."""

from __future__ import annotations

from typing import Any

from edgecrack.gst.runtime import Gst


class FrameTimes:
    """Time one picture after another; one without a time follows its forerunner.

    Attributes:
        step_ns: Declared time from one picture to the next, or 0.
    """

    def __init__(self) -> None:
        self.step_ns = 0
        self._last_pts_ns: int | None = None

    def of(self, sample: Any, arrived_ns: int, base_ns: int) -> tuple[int, int]:  # noqa: ANN401
        """Return the time within the stream, and the monotonic time it stands for.

        Args:
            sample: The picture, as it leaves the pipeline.
            arrived_ns: Monotonic time at which the decoder delivered it.
            base_ns: Monotonic time of the pipeline's time zero.
        """
        segment, stamp_ns = sample.get_segment(), known(sample.get_buffer().pts)
        if stamp_ns is None:
            pts_ns = 0 if self._last_pts_ns is None else self._last_pts_ns + self.step_ns
            taken_ns = arrived_ns
        else:
            # What players show: edit lists and stream offsets are taken out.
            shown_ns = known(segment.to_stream_time(Gst.Format.TIME, stamp_ns))
            running_ns = known(segment.to_running_time(Gst.Format.TIME, stamp_ns))
            pts_ns = stamp_ns if shown_ns is None else shown_ns
            taken_ns = arrived_ns if running_ns is None else base_ns + running_ns
        self._last_pts_ns = pts_ns
        return pts_ns, min(taken_ns, arrived_ns)


def known(time_ns: int) -> int | None:
    """Return a time of GStreamer's, or None where it has none."""
    return None if time_ns == Gst.CLOCK_TIME_NONE else time_ns
