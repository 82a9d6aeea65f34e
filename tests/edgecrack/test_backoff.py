"""Waits between attempts: they grow, they are bounded, and they differ between units."""

from hypothesis import given
from hypothesis.strategies import floats, integers

from edgecrack.backoff import Backoff


@given(attempt=integers(0, 10**6), share=floats(0, 1))
def test_every_wait_lies_within_a_fifth_of_its_step(attempt, share):
    """However often it failed: half a second, doubled each time, at most half a minute."""
    step_s = min(0.5 * 2 ** min(attempt, 20), 30)
    assert 0.8 * step_s <= Backoff().next_s(attempt, lambda: share) <= 1.2 * step_s


def test_units_do_not_come_back_in_step():
    """The same attempt waits for another time where chance says so."""
    assert Backoff().next_s(3, lambda: 0.1) < Backoff().next_s(3, lambda: 0.9)
