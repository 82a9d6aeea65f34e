"""What receivers write for 'not known' never becomes a number."""

import math

import pytest

from edgecrack.positions.finite import within


@pytest.mark.parametrize("value", ["", "7", None, math.nan, math.inf, -math.inf])
def test_what_is_no_finite_number_is_unknown(value):
    """Empty fields, text, NaN and infinity."""
    assert within(value) is None


@pytest.mark.parametrize(("value", "number"), [(0, 0.0), (360, 360.0), (-1, None), (360.1, None)])
def test_bounds_are_inclusive(value, number):
    """A heading of 0 or 360 is known; -1 is how phones say that it is not."""
    assert within(value, 0, 360) == number
