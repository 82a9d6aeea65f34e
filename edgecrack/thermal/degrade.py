"""How much a unit does, by its temperature and its supply: a machine of four steps, told the time.

It gets worse at once to whatever step is due, if that has lasted for some seconds, and better one
step at a time, each of which must be due for half a minute. What is not known is no strain: a
sensor that vanishes lets a unit come back, and the hardware guards itself.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from edgecrack.thermal.strain import untold

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgecrack.thermal import ThermalSpec
    from edgecrack.thermal.strain import Strain

WORSE_AFTER_S = 3.0
"""So long a threshold must be passed: one reading that makes no sense changes nothing."""

BETTER_AFTER_S = 30.0
"""So long the next better step must be due, and the present one have lasted."""

WEAK_FOR_S = 10.0
"""So long a supply counts as weak after the board has throttled itself for its sake."""

HYSTERESIS_V_SHARE = 0.02
"""So much above its threshold a voltage must be before a step is taken back."""


class Step(str, Enum):
    """How much a unit does, from all to nothing."""

    NORMAL = "normal"
    HALF_RATE = "half_rate"  # every second frame is left out
    QUARTER_RATE = "quarter_rate"  # three of four are
    PAUSED = "paused"  # all are; the camera goes on

    @property
    def one_in(self) -> int:
        """Of so many frames one is processed; 0 for none."""
        return {"normal": 1, "half_rate": 2, "quarter_rate": 4, "paused": 0}[self.value]


STEPS = tuple(Step)


@dataclass(frozen=True, slots=True)
class _Cause:
    """A step that something asks for, and what to tell people."""

    number: int
    reason: str


class Degrade:
    """Decides which step a unit is at.

    Args:
        spec: The thresholds.
        clock_s: Monotonic seconds.

    Attributes:
        step: The present step.
        reason: Why it is not the first, as a sentence for people.

    Example:
        >>> from edgecrack.thermal import ThermalSpec
        >>> from edgecrack.thermal.strain import Strain
        >>> now_s = iter((0.0, 1.0, 4.0))
        >>> degrade = Degrade(ThermalSpec(warm_c=80.0), lambda: next(now_s))
        >>> [degrade.take(Strain(81.0, "cpu")).value for _ in range(2)]
        ['normal', 'half_rate']
        >>> degrade.reason
        'cpu is at 81 °C, 80 °C is too warm'
    """

    def __init__(self, spec: ThermalSpec, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._spec, self._clock_s = spec, clock_s
        self.step, self.reason = Step.NORMAL, ""
        self._trend, self._since_s = 0, clock_s()
        self._events: int | None = None
        self._weak_until_s = float("-inf")

    def take(self, strain: Strain) -> Step:
        """Take a reading; return the step from now on."""
        now_s = self._clock_s()
        present = STEPS.index(self.step)
        due = max(self._causes(strain, now_s, present), key=lambda cause: cause.number)
        trend = (due.number > present) - (due.number < present)
        if trend != self._trend:
            self._trend, self._since_s = trend, now_s
        lasted_s = now_s - self._since_s
        if trend > 0 and lasted_s >= WORSE_AFTER_S:
            self._become(due.number, due.reason, now_s)
        elif trend < 0 and lasted_s >= BETTER_AFTER_S:
            self._become(present - 1, due.reason or "it gets better", now_s)
        return self.step

    def untold(self, strain: Strain) -> str:
        """Say which thresholds do nothing because no sensor tells; empty where all do."""
        return untold(self._spec, strain)

    def _become(self, number: int, reason: str, now_s: float) -> None:
        self.step = STEPS[number]
        self.reason = reason if number else ""
        self._trend, self._since_s = 0, now_s

    def _causes(self, strain: Strain, now_s: float, present: int) -> Sequence[_Cause]:
        return (
            self._by_temperature(strain, present),
            self._by_voltage(strain, present),
            self._by_alarm(strain, now_s),
        )

    def _by_temperature(self, strain: Strain, present: int) -> _Cause:
        spec, found_c = self._spec, strain.temperature_c
        for number, word in ((3, "critical"), (2, "hot"), (1, "warm")):
            limit_c = (spec.warm_c, spec.hot_c, spec.critical_c)[number - 1]
            if found_c is None or limit_c is None:
                continue
            if found_c >= limit_c - (spec.hysteresis_c if present >= number else 0.0):
                place = strain.place or "it"
                return _Cause(
                    number, f"{place} is at {found_c:g} °C, {limit_c:g} °C is {_TOO[word]}"
                )
        return _Cause(0, "")

    def _by_voltage(self, strain: Strain, present: int) -> _Cause:
        found_v = strain.supply_v
        for number, limit_v in ((3, self._spec.critical_v), (1, self._spec.low_v)):
            if found_v is None or limit_v is None:
                continue
            if found_v < limit_v * (1 + (HYSTERESIS_V_SHARE if present >= number else 0.0)):
                return _Cause(number, f"the supply gives {found_v:.2f} V, {limit_v:g} V is low")
        return _Cause(0, "")

    def _by_alarm(self, strain: Strain, now_s: float) -> _Cause:
        if not self._spec.supply_alarms:
            return _Cause(0, "")
        has_throttled = self._events is not None and strain.events > self._events
        self._events = strain.events
        if strain.is_weak or has_throttled:
            self._weak_until_s = now_s + WEAK_FOR_S
        return (
            _Cause(1, "the board says that its supply is weak")
            if (now_s < self._weak_until_s)
            else _Cause(0, "")
        )


_TOO = {"warm": "too warm", "hot": "too hot", "critical": "critical"}
