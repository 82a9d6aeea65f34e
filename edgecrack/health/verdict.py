"""Whether a unit is alive, and whether it does its work: pure functions of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.capture_state import SurveyState

if TYPE_CHECKING:
    from edgecrack.health.snapshot import HealthSnapshot, LoopReading

TURN_WITHIN_S = 20.0
"""So long the loop may take for a round; systemd's watchdog waits for 45 s."""

OPEN_WITHIN_S = 1800.0
"""So long nothing may be heard before it begins: TensorRT 8.6 tells of no step."""

WRITE_WITHIN_S = 30.0
"""So long a writer may be at one piece of work: an SD card stalls for seconds, and comes back."""

FRAME_WITHIN_S = 10.0
"""So old the last frame of a unit may be that is ready."""


def hangs(loop: LoopReading | None) -> bool:
    """Tell whether a writer hangs, by what the loop says; that the loop does it cannot say."""
    return loop is not None and loop.writer_busy_s > WRITE_WITHIN_S


@dataclass(frozen=True, slots=True)
class Verdict:
    """A yes, or a no with its reasons.

    Attributes:
        reasons: Part -> what is wrong with it; empty for a yes.
    """

    reasons: dict[str, str]

    @property
    def is_good(self) -> bool:
        """Whether nothing is wrong."""
        return not self.reasons


def liveness(snapshot: HealthSnapshot) -> Verdict:
    """Tell whether a unit gets on, in whatever state; if not, only a new start helps.

    Example:
        >>> from edgecrack.health.snapshot import HealthSnapshot
        >>> liveness(HealthSnapshot("0.1", 99.0, 25.0, True, 0.0)).reasons
        {'loop': 'it has not come round for 25 s'}
    """
    reasons = {}
    within_s = TURN_WITHIN_S if snapshot.is_looping else OPEN_WITHIN_S
    if snapshot.turn_age_s > within_s:
        reasons["loop"] = f"it has not come round for {snapshot.turn_age_s:.0f} s"
    if snapshot.loop is not None and hangs(snapshot.loop):
        busy_s = snapshot.loop.writer_busy_s
        reasons["writer"] = f"it has been at one piece of work for {busy_s:.0f} s"
    return Verdict(reasons)


def readiness(snapshot: HealthSnapshot) -> Verdict:
    """Tell whether frames flow and records become durable; if not, which part is at fault."""
    reasons = dict(liveness(snapshot).reasons)
    loop = snapshot.loop
    last_s = None if loop is None else loop.last_frame_s
    if last_s is None:
        reasons["capture"] = "there has been no frame yet"
    elif snapshot.now_s - last_s > FRAME_WITHIN_S:
        reasons["capture"] = f"the last frame is {snapshot.now_s - last_s:.0f} s old"
    for part in ("capture", "storage"):  # why, in its own words
        condition = snapshot.conditions.get(part)
        if condition is not None and condition.reason:
            reasons[part] = f"{condition.state}: {condition.reason}"
    survey = snapshot.conditions.get("survey")
    if survey is not None and survey.state == SurveyState.PAUSED.value:
        reasons["survey"] = ": ".join(filter(None, (survey.state, survey.reason)))
    return Verdict(reasons)
