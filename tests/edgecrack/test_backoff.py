"""Waits between tries: they double, and have a cap and a jitter."""

from hypothesis import given
from hypothesis import strategies as st

from edgecrack.backoff import Backoff


@given(st.integers(0, 10**9), st.floats(0, 1))
def test_each_wait_is_within_a_fifth_of_its_step(attempt, number):
    """Half a second doubling to 30 s, whatever the random number and after weeks of failures."""
    step_s = min(0.5 * 2 ** min(attempt, 9), 30.0)
    assert 0.8 * step_s <= Backoff().next_s(attempt, lambda: number) <= 1.2 * step_s


def test_the_jitter_reaches_both_ends():
    """The smallest number takes a fifth off, the largest adds one."""
    backoff = Backoff()
    assert (backoff.next_s(0, lambda: 0.0), backoff.next_s(0, lambda: 1.0)) == (0.4, 0.6)
