"""Many fixes in little memory: a column of numbers for each field, 64 bytes a fix."""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import TYPE_CHECKING, overload

from edgecrack.records import Fix

if TYPE_CHECKING:
    from collections.abc import Iterable


class FixList(Sequence[Fix]):
    """A list of fixes that makes each of them anew when asked; equal in value to what was added.

    >>> fixes = FixList([Fix(0, 50.0, 8.0), Fix(1, 50.0, 8.1, hdop=0.9)])
    >>> len(fixes), fixes[-1].hdop, fixes[0].hdop
    (2, 0.9, None)
    """

    def __init__(self, fixes: Iterable[Fix] = ()) -> None:
        self.times_ns = array("q")
        self._columns = tuple(array("d") for _ in range(6))
        for fix in fixes:
            self.append(fix)

    def append(self, fix: Fix) -> None:
        """Add a fix to the end."""
        self.times_ns.append(fix.time_ns)
        lat, lon, alt, heading, speed, hdop = self._columns
        lat.append(fix.lat_deg)
        lon.append(fix.lon_deg)
        alt.append(_stored(fix.alt_m))
        heading.append(_stored(fix.heading_deg))
        speed.append(_stored(fix.speed_mps))
        hdop.append(_stored(fix.hdop))

    def drop_first(self, count: int) -> None:
        """Remove fixes from the beginning."""
        del self.times_ns[:count]
        for column in self._columns:
            del column[:count]

    def drop_from(self, index: int) -> None:
        """Remove the fix of an index and all after it."""
        del self.times_ns[index:]
        for column in self._columns:
            del column[index:]

    def __len__(self) -> int:
        return len(self.times_ns)

    @overload
    def __getitem__(self, index: int) -> Fix: ...

    @overload
    def __getitem__(self, index: slice) -> list[Fix]: ...

    def __getitem__(self, index: int | slice) -> Fix | list[Fix]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        lat_deg, lon_deg, *others = (column[index] for column in self._columns)
        return Fix(self.times_ns[index], lat_deg, lon_deg, *map(_known, others))


def _stored(value: float | None) -> float:
    return math.nan if value is None else value


def _known(value: float) -> float | None:
    return None if math.isnan(value) else value
