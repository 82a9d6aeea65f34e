"""Many fixes in little memory."""

import tracemalloc
from dataclasses import replace

import pytest

from edgecrack.positions.fix_list import FixList
from edgecrack.records import Fix

_FULL = Fix(1_780_304_400_123_456_789, 50.1, -8.2, 12.5, 359.9, 0.0, 0.9)
_BARE = Fix(0, -50.1, 8.2)


def test_a_fix_comes_back_as_it_was_added():
    """To the nanosecond and the last digit; what is not known stays unknown."""
    fixes = FixList([_FULL, _BARE])
    assert [*fixes] == [_FULL, _BARE]
    assert (fixes[-1], fixes[0:1], len(fixes)) == (_BARE, [_FULL], 2)
    with pytest.raises(IndexError):
        fixes[2]


def test_the_first_can_be_dropped():
    """What is left keeps its order."""
    fixes = FixList(replace(_BARE, time_ns=n) for n in range(5))
    fixes.drop_first(3)
    assert [fix.time_ns for fix in fixes] == [3, 4]


def test_a_fix_takes_less_than_a_hundred_bytes():
    """A day at ten a second is 64 MB, not a gigabyte."""
    tracemalloc.start()
    try:
        fixes = FixList(replace(_FULL, time_ns=n) for n in range(10_000))
        assert tracemalloc.get_traced_memory()[0] < 100 * len(fixes)
    finally:
        tracemalloc.stop()
