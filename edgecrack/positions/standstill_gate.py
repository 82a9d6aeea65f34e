"""Whether a vehicle stands, from what its receiver says: never said without evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.positions.geodesy import distance_m

if TYPE_CHECKING:
    from edgecrack.records import Fix

ENTER_MPS = 0.3
"""Below this a vehicle may be standing: a receiver at rest reports up to about 0.2 m/s."""

LEAVE_MPS = 0.8
"""From this on it moves: slow walking pace."""

HOLD_S = 2.0
"""So long it must have been slow, without a reading that says otherwise."""

STALE_S = 2.0
"""An older reading says nothing of now: a vehicle that moves off at 2 m/s2 is 4 m on by then."""

CREEP_M = 5.0
"""A vehicle so far from where it became slow has moved, however slowly. A camera that looks
forward has seen these metres before; the positions of a receiver at rest wander by less for a
minute."""


class StandstillGate:
    """Tells moving from standing, asked again and again as time goes on.

    It stands once its speed was below ``ENTER_MPS`` for ``HOLD_S``, and moves at once from
    ``LEAVE_MPS`` on; in between it stays what it was. Where the speed is not known, or too old, it
    moves; so it does after more than ``STALE_S`` without a question, and when time goes back. A
    queue that creeps is seen every ``CREEP_M``.

    Args:
        hold_s: How long it must have been slow.
        stale_s: Greatest age of a reading, and greatest time between two questions.

    Example:
        >>> from edgecrack.records import Fix
        >>> gate = StandstillGate()
        >>> fixes = [Fix(second * 10**9, 50.0, 8.0, speed_mps=0.1) for second in range(4)]
        >>> [gate.is_standing(fix.time_ns, fix) for fix in fixes]
        [False, False, True, True]
        >>> gate.is_standing(3_500_000_000, None)
        False
    """

    def __init__(self, *, hold_s: float = HOLD_S, stale_s: float = STALE_S) -> None:
        self._hold_ns, self._stale_ns = round(hold_s * 1e9), round(stale_s * 1e9)
        self._slow_since: tuple[int, Fix] | None = None  # when and where it became slow
        self._asked_ns: int | None = None
        self._stands = False

    def is_standing(self, time_ns: int, latest: Fix | None) -> bool:
        """Tell whether the vehicle stands.

        Args:
            time_ns: Now, UTC.
            latest: The newest reading, interpolated or not; None where there is none.
        """
        if not self._continues(time_ns) or latest is None or not self._is_slow(time_ns, latest):
            self._slow_since, self._stands = None, False
        self._asked_ns = time_ns
        if latest is not None and self._slow_since is None and self._is_slow(time_ns, latest):
            self._slow_since = time_ns, latest
        if self._slow_since is not None:
            self._stands = time_ns - self._slow_since[0] >= self._hold_ns
        return self._stands

    def _is_slow(self, time_ns: int, latest: Fix) -> bool:
        """Whether a reading is evidence for standing, after those that came before."""
        if latest.speed_mps is None or abs(time_ns - latest.time_ns) > self._stale_ns:
            return False
        is_near = self._slow_since is None or distance_m(self._slow_since[1], latest) <= CREEP_M
        return is_near and latest.speed_mps < (LEAVE_MPS if self._stands else ENTER_MPS)

    def _continues(self, time_ns: int) -> bool:
        """Whether a question follows the last one closely enough to know what was in between."""
        return self._asked_ns is not None and 0 <= time_ns - self._asked_ns <= self._stale_ns
