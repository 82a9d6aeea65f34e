"""Watches how hot a unit is, in a thread of its own: a sensor that hangs holds up nobody."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from edgecrack.thermal.degrade import Step
from edgecrack.thermal.strain import read_strain

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.thermal.degrade import Degrade
    from edgecrack.thermal.strain import Strain

INTERVAL_S = 1.0
UNKNOWN = "unknown"
_CLOSE_WITHIN_S = 2.0


class StrainWatch:
    """Reads the sensors from time to time, and tells each change of the step.

    Args:
        degrade: Decides on the step.
        on_step: Told of each new step and why, in the thread of this watch; of ``UNKNOWN`` where
            nothing tells what the thresholds are about.
        read: Reads the sensors once.
        interval_s: Time between two readings.
    """

    def __init__(
        self,
        degrade: Degrade,
        on_step: Callable[[str, str], None],
        read: Callable[[], Strain] = read_strain,
        interval_s: float = INTERVAL_S,
    ) -> None:
        self._degrade, self._on_step = degrade, on_step
        self._read, self._interval_s = read, interval_s
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, name="strain", daemon=True)
        self._thread.start()

    @property
    def step(self) -> Step:
        """How much the unit is to do now."""
        return self._degrade.step

    @property
    def reason(self) -> str:
        """Why it is not to do everything."""
        return self._degrade.reason

    def close(self) -> None:
        """Stop watching; safe to call twice. A sensor that hangs is left behind."""
        self._ended.set()
        self._thread.join(_CLOSE_WITHIN_S)

    def _run(self) -> None:
        told = Step.NORMAL.value
        while not self._ended.is_set():
            strain = self._read()
            step, reason = self._degrade.take(strain).value, self._degrade.reason
            missing = self._degrade.untold(strain)
            if missing and step == Step.NORMAL.value:
                step, reason = UNKNOWN, missing
            if step != told:
                self._on_step(step, reason)
            told = step
            self._ended.wait(self._interval_s)
