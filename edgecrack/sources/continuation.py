"""Numbers and times of frames that go on while their source is opened again and again."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from edgecrack.clock import MOST_HELD_NS

if TYPE_CHECKING:
    from edgecrack.records import Frame


class Continuation:
    """Makes one sequence of frames out of those of several openings.

    Args:
        start_ns: UTC of media time zero, where that is told; otherwise frames know their time.

    Example:
        >>> from edgecrack.records import NO_PICTURE, FrameGeometry, Region
        >>> geometry = FrameGeometry(2, 2, Region(0, 0, 2, 2))
        >>> def frame(index, pts_ns, monotonic_ns):
        ...     return Frame(index, pts_ns, None, monotonic_ns, NO_PICTURE, NO_PICTURE, geometry)
        >>> from edgecrack.records import Frame
        >>> sequence = Continuation()
        >>> first = sequence.next(frame(0, 70, 1_000))
        >>> sequence.begin(first_index=4)
        >>> second = sequence.next(frame(0, 10, 6_000))
        >>> second.index, second.pts_ns
        (4, 5070)
    """

    def __init__(self, start_ns: int | None = None) -> None:
        self._start_ns = start_ns
        self._first_index, self._shift_ns = 0, 0
        self._has_begun_anew = False
        self._last_pts_ns: int | None = None
        self._last_monotonic_ns = 0
        self._last_captured_ns: int | None = None

    def begin(self, first_index: int) -> None:
        """Take in that the frames of another opening follow.

        Args:
            first_index: How many pictures were delivered before it.
        """
        self._first_index, self._has_begun_anew = first_index, True

    def next(self, frame: Frame) -> Frame:
        """Return a frame with the number and the times that it has in the sequence.

        Media time goes on by the time that passed between the openings.
        """
        if self._has_begun_anew and self._last_pts_ns is not None:
            passed_ns = max(0, frame.monotonic_ns - self._last_monotonic_ns)
            self._shift_ns = self._last_pts_ns + passed_ns - frame.pts_ns
        self._has_begun_anew = False
        pts_ns = frame.pts_ns + self._shift_ns
        if self._last_pts_ns is not None:
            pts_ns = max(pts_ns, self._last_pts_ns)
        captured_ns = self._captured_ns(frame, pts_ns)
        self._last_pts_ns, self._last_monotonic_ns = pts_ns, frame.monotonic_ns
        self._last_captured_ns = captured_ns or self._last_captured_ns
        index = self._first_index + frame.index
        return replace(frame, index=index, pts_ns=pts_ns, captured_ns=captured_ns)

    def _captured_ns(self, frame: Frame, pts_ns: int) -> int | None:
        captured_ns, last_ns = frame.captured_ns, self._last_captured_ns
        if captured_ns is None:
            return None
        if self._start_ns is not None:
            return self._start_ns + pts_ns
        if last_ns is not None and 0 < last_ns - captured_ns <= MOST_HELD_NS:
            return last_ns
        return captured_ns
