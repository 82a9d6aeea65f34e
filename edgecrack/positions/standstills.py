"""Frames taken while the vehicle stood: left out, since they show again what the last one showed.

The frames up to the moment at which standing is certain are inferred as any others, so the place
has its record. What is left out is counted, and each standstill is noted.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgecrack.positions.standstill_gate import StandstillGate
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edgecrack.positions.track import Track
    from edgecrack.records import Frame

MOST_NOTED = 200
"""Standstills that are noted: beyond it, the longest. So ``run.json`` fits the room kept for it."""


@dataclass(frozen=True, slots=True)
class Standstill:
    """A time in which frames were left out because the vehicle stood.

    Attributes:
        first_frame: Number of the first frame left out.
        last_frame: Number of the last one.
        from_utc: When the first was taken, ISO 8601.
        to_utc: When the last was taken.
        frames: How many were left out; a camera may have dropped others in between.
    """

    first_frame: int
    last_frame: int
    from_utc: str
    to_utc: str
    frames: int


class Standstills:
    """Leaves out the frames of a vehicle that stands.

    Args:
        track: Where the camera was; a receiver may go on filling it. None leaves no frame out.
        gate: Decides.
    """

    def __init__(self, track: Track | None = None, gate: StandstillGate | None = None) -> None:
        self._track, self._gate = track, gate or StandstillGate()
        self._ended: list[Standstill] = []
        self._now: Standstill | None = None

    @property
    def noted(self) -> tuple[Standstill, ...]:
        """The standstills so far, in order of time; of more than ``MOST_NOTED`` the longest."""
        return (*self._ended, *([self._now] if self._now else []))

    def left_out(
        self, frames: Iterable[Frame | None], on_standing: Callable[[Frame], None]
    ) -> Iterator[Frame | None]:
        """Yield frames, and None for each that was taken while the vehicle stood.

        Args:
            frames: In order; None where a live source had no picture in time.
            on_standing: Told of each frame left out.
        """
        for frame in frames:
            if frame is None or not self._is_standing(frame):
                yield frame
            else:
                on_standing(frame)
                yield None

    def _is_standing(self, frame: Frame) -> bool:
        captured_ns = frame.captured_ns
        if self._track is None or captured_ns is None:
            return False
        if not self._gate.is_standing(captured_ns, self._track.latest(captured_ns)):
            self._end()
            return False
        at_utc = to_iso(captured_ns)
        now = self._now or Standstill(frame.index, frame.index, at_utc, at_utc, 0)
        self._now = replace(now, last_frame=frame.index, to_utc=at_utc, frames=now.frames + 1)
        return True

    def _end(self) -> None:
        if self._now is None:
            return
        self._ended.append(self._now)
        self._now = None
        if len(self._ended) >= MOST_NOTED:  # room for the one that comes next
            self._ended.remove(min(self._ended, key=lambda standstill: standstill.frames))
