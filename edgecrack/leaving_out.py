"""Which frames of a run are left out on purpose, and what the unit is said to do meanwhile."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgecrack.capture_state import SurveyState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edgecrack.meter import Meter
    from edgecrack.parts import Parts
    from edgecrack.records import Frame


class LeavingOut:
    """Leaves out frames of a vehicle that stands, and of a unit that has to go easy.

    Args:
        parts: Know when.
        meter: Told of each frame left out, and why.
    """

    def __init__(self, parts: Parts, meter: Meter) -> None:
        self._standstills, self._sparing = parts.positioning.standstills, parts.sparing
        self._conditions, self._live = parts.monitor.conditions, parts.source.info.live
        self._meter, self._view = meter, parts.view

    def kept(self, frames: Iterable[Frame | None]) -> Iterator[Frame | None]:
        """Yield frames, and None for each that is left out."""
        moving = self._standstills.left_out(frames, partial(self._note, cause="standstill"))
        return self._sparing.kept(moving, partial(self._note, cause="thermal"))

    def note_kept(self) -> None:
        """Say that a frame is worked on."""
        self._say(SurveyState.SURVEYING)

    def _note(self, frame: Frame, cause: str) -> None:
        self._meter.left_out(frame, cause)
        if cause == "standstill":
            self._view.stood(frame)
            self._say(SurveyState.STANDSTILL)
        elif self._sparing.is_paused:
            self._say(SurveyState.PAUSED, self._sparing.reason)

    def _say(self, state: SurveyState, reason: str = "") -> None:
        if self._live:
            self._conditions.note("survey", state.value, reason)
