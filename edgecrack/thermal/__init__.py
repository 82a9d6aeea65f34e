"""A unit that gets too hot, or has too little power: it does less, in steps, and says so."""

from __future__ import annotations

from dataclasses import dataclass

from edgecrack.settings import setting

LEAST_C, MOST_C = 20.0, 120.0
LEAST_HYSTERESIS_C, MOST_HYSTERESIS_C = 1.0, 30.0
LEAST_V, MOST_V = 3.0, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ThermalSpec:
    """When a live unit does less: the table ``[thermal]`` of ``unit.toml``.

    Attributes:
        warm_c: From this temperature on every second frame is left out; None never.
        hot_c: From this one on three of four.
        critical_c: From this one on all of them.
        hysteresis_c: So much cooler it must be before a step is taken back.
        low_v: Below this voltage of its supply every second frame is left out; None never.
        critical_v: Below this one all of them.
        supply_alarms: Leave every second frame out while the board says that its supply is weak.
    """

    warm_c: float | None = setting(
        None,
        flag="--warm-at",
        help="Degrees Celsius from which on every second frame of a camera is left out.",
        default_text="never",
    )
    hot_c: float | None = setting(
        None,
        flag="--hot-at",
        help="Degrees Celsius from which on three of four frames are left out.",
        default_text="never",
    )
    critical_c: float | None = setting(
        None,
        flag="--critical-at",
        help="Degrees Celsius from which on no frame is processed.",
        default_text="never",
    )
    hysteresis_c: float = setting(
        5.0,
        flag="--cooler-by",
        help="Degrees that it must be cooler before more frames are processed again.",
    )
    low_v: float | None = setting(
        None,
        flag="--low-supply",
        help="Volts of the supply below which every second frame of a camera is left out.",
        default_text="never",
    )
    critical_v: float | None = setting(
        None,
        flag="--critical-supply",
        help="Volts of the supply below which no frame is processed.",
        default_text="never",
    )
    supply_alarms: bool = setting(
        default=False,
        flag="--supply-alarms",
        help="Leave every second frame out while the board says that its supply is weak.",
    )

    def __post_init__(self) -> None:
        """Refuse what no unit has, and steps that come in another order than their thresholds."""
        for name, low, high in (
            ("warm_c", LEAST_C, MOST_C),
            ("hot_c", LEAST_C, MOST_C),
            ("critical_c", LEAST_C, MOST_C),
            ("hysteresis_c", LEAST_HYSTERESIS_C, MOST_HYSTERESIS_C),
            ("low_v", LEAST_V, MOST_V),
            ("critical_v", LEAST_V, MOST_V),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} must be {low:g} to {high:g}, not {value}")
        steps = {"warm_c": self.warm_c, "hot_c": self.hot_c, "critical_c": self.critical_c}
        given = {key: value for key, value in steps.items() if value is not None}
        if list(given.values()) != sorted(set(given.values())):
            found = " and ".join(f"{key} = {value:g}" for key, value in given.items())
            last = next(reversed(given))
            raise ValueError(f"{last} must keep warm_c < hot_c < critical_c, but {found}")
        if self.low_v is not None and self.critical_v is not None and self.critical_v >= self.low_v:
            raise ValueError(f"critical_v must be below low_v, not {self.critical_v:g}")

    @property
    def is_on(self) -> bool:
        """Whether anything is to be watched."""
        thresholds = (self.warm_c, self.hot_c, self.critical_c, self.low_v, self.critical_v)
        return self.supply_alarms or any(threshold is not None for threshold in thresholds)
