"""How many bytes may be sent on one day, counted over restarts and power cuts.

What the file says is never less than what was sent: it is written ahead, a step at a time. So a
power cut may cost up to a step of the day's budget, and never gives a byte of it twice.
"""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file
from edgecrack.uplink.message import Kind

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from edgecrack.storage.disk import Disk

DAY_S = 86_400
STEP_BYTES = 64 * 1024
STATUS_SHARE = 0.8
"""Status pauses when so much of the day's budget is used: the rest is for what cannot wait."""


@dataclass(frozen=True, slots=True)
class Day:
    """What was sent on one day.

    Attributes:
        utc_day: Days since 1970; None where no clock that can be trusted has said.
        used_bytes: Sent, or set aside for it.
        began_s: Monotonic seconds when this process began to count it.
    """

    utc_day: int | None = None
    used_bytes: int = 0
    began_s: float = 0.0

    def at(self, utc_day: int | None, now_s: float) -> Day:
        """Return this day, or the next one if that has begun.

        A clock that is set back begins no day. Without a clock that can be trusted a day lasts 24
        hours from the start of the process: switched off and on, it may last longer, not shorter.

        Example:
            >>> Day(20_000, 7).at(20_001, 1.0).used_bytes, Day(20_000, 7).at(19_999, 1.0).used_bytes
            (0, 7)
            >>> Day(None, 7).at(None, 86_400.0).used_bytes, Day(None, 7).at(20_000, 1.0).utc_day
            (0, 20000)
        """
        is_later = None not in (utc_day, self.utc_day) and (utc_day or 0) > (self.utc_day or 0)
        if is_later or now_s - self.began_s >= DAY_S:
            return Day(utc_day, 0, now_s)
        return Day(utc_day if self.utc_day is None else self.utc_day, self.used_bytes, self.began_s)


class DayBudget:
    """A budget and the file that counts it.

    Args:
        most_bytes: Of one day; None is no bound.
        file: Where it is counted; its folder is made where it is missing.
        disk: What writes it.
        utc_ns: UTC, or None while no clock can be trusted.
        clock_s: Monotonic seconds.
    """

    def __init__(
        self,
        most_bytes: int | None,
        file: Path,
        disk: Disk,
        utc_ns: Callable[[], int | None],
        clock_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._most_bytes, self._file, self._disk = most_bytes, file, disk
        self._utc_ns, self._clock_s = utc_ns, clock_s
        self._day = _read(file, clock_s())
        self._written_bytes = self._day.used_bytes

    @property
    def used_bytes(self) -> int:
        """What was sent today."""
        self._turn()
        return self._day.used_bytes

    def left_bytes(self, share: float = 1.0) -> float:
        """Return how much may still be sent today, if only this share of it were there."""
        if self._most_bytes is None:
            return float("inf")
        return self._most_bytes * share - self.used_bytes

    def spend(self, size_bytes: int) -> None:
        """Count bytes just before they are sent."""
        self._turn()
        used_bytes = self._day.used_bytes + size_bytes
        self._day = Day(self._day.utc_day, used_bytes, self._day.began_s)
        if used_bytes > self._written_bytes:
            self._written_bytes = (used_bytes // STEP_BYTES + 1) * STEP_BYTES
            self._write()

    def _turn(self) -> None:
        utc_ns = self._utc_ns()
        utc_day = None if utc_ns is None else utc_ns // (DAY_S * 10**9)
        before, self._day = self._day, self._day.at(utc_day, self._clock_s())
        if before.utc_day != self._day.utc_day or before.began_s != self._day.began_s:
            self._written_bytes = self._day.used_bytes
            self._write()

    def _write(self) -> None:
        day = asdict(Day(self._day.utc_day, self._written_bytes))
        del day["began_s"]  # of this process alone
        with suppress(SinkError):  # counted in memory all the same
            make_folders(self._disk, self._file.parent)
            replace_file(self._disk, self._file, json.dumps(day).encode())


def kinds_to_send(*, is_metered: bool, status_left_bytes: float) -> frozenset[Kind]:
    """Return what may be sent now: pictures where bytes cost nothing, status while there is room.

    Example:
        >>> sorted(kinds_to_send(is_metered=True, status_left_bytes=0))
        [<Kind.CRACK: 'crack'>, <Kind.EVENT: 'event'>]
    """
    kinds = {Kind.CRACK, Kind.EVENT}
    if not is_metered:
        kinds.add(Kind.PICTURE)
    if status_left_bytes > 0:
        kinds.add(Kind.STATUS)
    return frozenset(kinds)


def _read(file: Path, now_s: float) -> Day:
    """Return the day that is written; where there is none that can be read, a new one."""
    try:
        written = json.loads(file.read_bytes())
        utc_day, used_bytes = written["utc_day"], written["used_bytes"]
    except (OSError, ValueError, KeyError, TypeError):
        return Day(began_s=now_s)
    is_day = utc_day is None or type(utc_day) is int
    if not is_day or type(used_bytes) is not int or used_bytes < 0:
        return Day(began_s=now_s)
    return Day(utc_day, used_bytes, now_s)
