"""The steps of the first hour, one after the other; none that fails ends the rest."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from functools import partial
from typing import TYPE_CHECKING, Any

from edgecrack import __version__
from edgecrack.doctor.attempt import Kept
from edgecrack.doctor.examination import examine
from edgecrack.doctor.line import FAIL, OK, WARN, Finding, fail
from edgecrack.doctor.power import power_mode, power_modes
from edgecrack.errors import NotHealthyError
from edgecrack.first_hour.engines import build_engines
from edgecrack.first_hour.golden import prove_golden_frames
from edgecrack.first_hour.soak import soak_board
from edgecrack.first_hour.speed import measure_speed
from edgecrack.first_hour.step import Outcome, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from edgecrack.doctor.machine import Machine
    from edgecrack.first_hour.plan import Plan

    OnProgress = Callable[[str, int, int | None], None]

NO_MODE = "no power mode"
"""Where nothing tells it, as on anything but a Jetson."""


@dataclass(frozen=True, slots=True)
class Hour:
    """What the first hour came to in one power mode.

    Attributes:
        power_mode: The mode, such as ``2 MAXN_SUPER``.
        modes: The modes that the board has.
        written_utc: When the last step ended, ISO 8601.
        edgecrack: Version of the program.
        steps: What was done, in order.
    """

    power_mode: str
    modes: tuple[str, ...]
    written_utc: str
    edgecrack: str
    steps: tuple[Step, ...]

    @property
    def passed(self) -> bool:
        """Whether no step failed."""
        return all(step.line.state != FAIL for step in self.steps)

    def require(self) -> None:
        """Refuse a board on which a step failed.

        Raises:
            NotHealthyError: The message names each.
        """
        failed = [step.line.subject for step in self.steps if step.line.state == FAIL]
        if failed:
            raise NotHealthyError(
                f"every step of the first hour must hold, but {', '.join(failed)} did not; send "
                "the file home, and do what it says under each."
            )

    def as_json(self) -> dict[str, Any]:
        """Return JSON values."""
        return {**asdict(self), "passed": self.passed}


def first_hour(
    machine: Machine,
    plan: Plan,
    on_progress: OnProgress = lambda _what, _done, _total: None,
    on_step: Callable[[Hour], None] = lambda _hour: None,
) -> Hour:
    """Do every step; the power mode is left as it is.

    Args:
        machine: The board.
        plan: What is done, and for how long.
        on_progress: Told what is counted, how many are done, and of how many.
        on_step: Told after each step what all came to so far, so that it can be kept.
    """
    mode = power_mode(machine) or NO_MODE
    modes = tuple(f"{number} {name}" for number, name in power_modes(machine).items())
    done: list[Step] = []
    hour = Hour(mode, modes, _now(), __version__, ())
    for name, work in _works(machine, plan, on_progress):
        on_progress(name, 0, 1)
        done.append(_done(name, work))
        on_progress(name, 1, 1)
        hour = Hour(mode, modes, _now(), __version__, tuple(done))
        on_step(hour)
    return hour


def _works(
    machine: Machine, plan: Plan, on_progress: OnProgress
) -> Iterator[tuple[str, Callable[[], Outcome]]]:
    """Yield the name of each step and what it does."""
    yield "doctor", partial(_see_doctor, machine, plan, on_progress)
    yield "engines", partial(build_engines, machine, plan, on_progress)
    yield "golden frames", partial(prove_golden_frames, plan)
    yield "speed", partial(measure_speed, plan, on_progress)
    yield "soak", partial(soak_board, plan)


def _done(name: str, work: Callable[[], Outcome]) -> Step:
    began_s = time.monotonic()
    outcome = None
    with Kept() as kept:
        outcome = work()
    if outcome is None:
        finding = fail(kept.problem, "send the file; the other steps were done all the same")
        outcome = Outcome(finding)
    return Step.of(name, outcome, time.monotonic() - began_s)


def _see_doctor(machine: Machine, plan: Plan, on_progress: OnProgress) -> Outcome:
    found = examine(machine, plan.unit, on_progress)
    by_state = {
        state: [line.subject for line in found.lines if line.state == state]
        for state in (OK, WARN, FAIL)
    }
    says = "; ".join(
        f"{len(subjects)} {state}" + (f": {', '.join(subjects)}" if state != OK else "")
        for state, subjects in by_state.items()
        if subjects
    )
    worst = next(state for state in (FAIL, WARN, OK) if by_state[state])
    return Outcome(
        Finding(worst, says, "see the doctor's lines" if worst != OK else ""), found.as_json()
    )


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")
