"""Frames that a unit leaves out because it is too hot, or has too little power.

A unit at half rate leaves out every second frame, and rests for as long as the last one took: where
the network is slower than the camera, only that makes it work less. What is left out is counted,
each such time is noted, and the frames that are processed meanwhile say so.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from edgecrack.thermal.degrade import Degrade, Step
from edgecrack.thermal.watch import StrainWatch
from edgecrack.utc import to_iso

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from edgecrack.conditions import Conditions
    from edgecrack.records import Frame
    from edgecrack.thermal import ThermalSpec

MOST_NOTED = 50
"""Times that are noted: beyond it, those with most frames. So ``run.json`` fits its room."""


@dataclass(frozen=True, slots=True)
class DegradedTime:
    """A time in which a unit did less.

    Attributes:
        step: How much it did, such as ``half_rate``.
        reason: Why.
        first_frame: Number of the first frame taken meanwhile.
        last_frame: Number of the last one.
        from_utc: When the first was taken, ISO 8601; None where nothing tells.
        to_utc: When the last was taken.
        frames: How many were left out.
    """

    step: str
    reason: str
    first_frame: int
    last_frame: int
    from_utc: str | None
    to_utc: str | None
    frames: int


class Sparing:
    """Leaves frames out, by the step a unit is at.

    Args:
        state: Says the step, and why; always the first one where nothing is watched.
        clock_s: Monotonic seconds.
    """

    def __init__(
        self,
        state: Callable[[], tuple[Step, str]] = lambda: (Step.NORMAL, ""),
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._state, self._clock_s = state, clock_s
        self._ended: list[DegradedTime] = []
        self._now: DegradedTime | None = None
        self._left_out = 0  # since the last frame that was processed
        self._rest_until_s = float("-inf")

    @property
    def noted(self) -> tuple[DegradedTime, ...]:
        """The times so far, in order."""
        return (*self._ended, *([self._now] if self._now else []))

    @property
    def is_paused(self) -> bool:
        """Whether no frame is processed now."""
        return self._state()[0] is Step.PAUSED

    @property
    def reason(self) -> str:
        """Why not all frames are processed."""
        return self._state()[1]

    def kept(
        self, frames: Iterable[Frame | None], on_left_out: Callable[[Frame], None]
    ) -> Iterator[Frame | None]:
        """Yield frames, and None for each that is left out.

        Args:
            frames: In order; None where there was no picture in time.
            on_left_out: Told of each frame left out.
        """
        for frame in frames:
            if frame is None:
                yield None
                continue
            step, reason = self._state()
            is_kept = self._is_kept(step)
            self._note(frame, step, reason, is_kept=is_kept)
            if not is_kept:
                on_left_out(frame)
                yield None
                continue
            began_s = self._clock_s()
            yield frame if step is Step.NORMAL else replace(frame, degraded=step.value)
            took_s = self._clock_s() - began_s
            self._rest_until_s = self._clock_s() + took_s * max(0, step.one_in - 1)

    def _is_kept(self, step: Step) -> bool:
        if step is Step.NORMAL:
            return True
        is_next = step.one_in > 0 and self._left_out >= step.one_in - 1
        if is_next and self._clock_s() >= self._rest_until_s:
            self._left_out = 0
            return True
        self._left_out += 1
        return False

    def _note(self, frame: Frame, step: Step, reason: str, *, is_kept: bool) -> None:
        if self._now is not None and self._now.step != step.value:
            self._end()
        if step is Step.NORMAL:
            return
        at_utc = None if frame.captured_ns is None else to_iso(frame.captured_ns)
        now = self._now or DegradedTime(
            step.value, reason, frame.index, frame.index, at_utc, at_utc, 0
        )
        frames = now.frames + (not is_kept)
        self._now = replace(now, last_frame=frame.index, to_utc=at_utc, frames=frames)

    def _end(self) -> None:
        assert self._now is not None  # noqa: S101  for mypy
        self._ended.append(self._now)
        self._now = None
        if len(self._ended) >= MOST_NOTED:  # room for the one that comes next
            self._ended.remove(min(self._ended, key=lambda noted: noted.frames))


def open_sparing(
    spec: ThermalSpec, conditions: Conditions, stack: ExitStack, *, live: bool
) -> Sparing:
    """Return what leaves frames of a camera out, and watch the machine, where that is asked for.

    Args:
        spec: When.
        conditions: Told of each step, as part ``temperature``.
        stack: Ends the watch.
        live: Whether frames may be left out at all: of a file none is.
    """
    if not spec.is_on or not live:
        return Sparing()

    def on_step(step: str, reason: str) -> None:
        conditions.note("temperature", step, reason)

    watch = stack.enter_context(closing(StrainWatch(Degrade(spec), on_step)))
    return Sparing(lambda: (watch.step, watch.reason))
