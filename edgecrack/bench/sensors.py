"""Power, temperature and clocks while something runs, read from time to time by a thread."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.sysfs import Reading, read_sensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from types import TracebackType

    from typing_extensions import Self

INTERVAL_S = 0.5


@dataclass(frozen=True, slots=True)
class Spread:
    """Between what a figure lay over time, in the unit of the field that holds it.

    Attributes:
        min: Lowest.
        mean: Mean of all readings.
        max: Highest.
    """

    min: float
    mean: float
    max: float


@dataclass(frozen=True, slots=True)
class SensorSummary:
    """What the sensors said meanwhile; None where nothing told it.

    Attributes:
        readings: How often they were read and said something.
        hottest_c: Temperature of the hottest place, degrees Celsius.
        total_w: Power of the whole board or machine, watts.
        cpu_mhz: Clock of the fastest core.
        gpu_mhz: Clock of the GPU.
        power_mode: Power mode at the end; ``A, then B`` where it was changed.
    """

    readings: int
    hottest_c: Spread | None
    total_w: Spread | None
    cpu_mhz: Spread | None
    gpu_mhz: Spread | None
    power_mode: str | None


class SensorLog:
    """Reads the sensors from time to time while its ``with`` block runs.

    Args:
        reader: What reads them once.
        interval_s: Time between two readings, in seconds.

    Example:
        >>> with SensorLog(lambda: Reading(total_w=5.0)) as log:
        ...     pass  # what is measured
        >>> log.summary().total_w.mean
        5.0
    """

    def __init__(
        self, reader: Callable[[], Reading] = read_sensors, interval_s: float = INTERVAL_S
    ) -> None:
        self._reader = reader
        self._interval_s = interval_s
        self._readings: list[Reading] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read, name="sensors", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._thread.join()

    def summary(self) -> SensorSummary | None:
        """Return what was read until now; None where no sensor ever said anything."""
        return summarise(tuple(self._readings))

    def _read(self) -> None:
        """Read at least once, and at the end of what is shorter than the interval not again."""
        while True:
            self._readings.append(self._reader())
            if self._ended.wait(self._interval_s):
                return


def summarise(readings: Sequence[Reading]) -> SensorSummary | None:
    """Return what the readings come to; None where none says anything.

    Example:
        >>> summarise([Reading(total_w=4.0), Reading(), Reading(total_w=6.0)]).total_w
        Spread(min=4.0, mean=5.0, max=6.0)
    """
    telling = [reading for reading in readings if reading != Reading()]
    if not telling:
        return None
    modes = dict.fromkeys(reading.power_mode for reading in telling if reading.power_mode)
    return SensorSummary(
        readings=len(telling),
        hottest_c=_spread(reading.hottest_c for reading in telling),
        total_w=_spread(reading.total_w for reading in telling),
        cpu_mhz=_spread(reading.cpu_mhz for reading in telling),
        gpu_mhz=_spread(reading.gpu_mhz for reading in telling),
        power_mode=", then ".join(modes) or None,
    )


def _spread(values: Iterable[float | None]) -> Spread | None:
    told = [value for value in values if value is not None]
    return Spread(min(told), sum(told) / len(told), max(told)) if told else None
