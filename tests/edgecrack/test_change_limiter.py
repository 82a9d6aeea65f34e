"""Changes of a part that flaps, on a clock that the test turns."""

from hypothesis import given
from hypothesis import strategies as st

from edgecrack.change_limiter import ChangeLimiter
from edgecrack.conditions import Condition


class Told:
    """A limiter, its clock, and what it let through."""

    def __init__(self, most=3, within_s=60.0):
        self.now_s, self.lines = 0.0, []
        self.limiter = ChangeLimiter(most, within_s, clock_s=lambda: self.now_s)

    def change(self, part, state):
        """Let a part change."""
        if self.limiter.admits(Condition(part, state)):
            self.lines.append((part, state, 0))

    def tick(self, now_s):
        """Let time pass."""
        self.now_s = now_s
        self.lines += [(h.last.part, h.last.state, h.count) for h in self.limiter.overdue()]


def test_a_part_that_flaps_is_held_back_and_its_last_state_told():
    """Three are told, eight more after a minute in one line, with what it came to."""
    told = Told()
    for number in range(11):
        told.now_s = float(number)
        told.change("capture", f"state {number}")
    assert [state for _, state, _ in told.lines] == ["state 0", "state 1", "state 2"]
    told.tick(59.9)
    assert len(told.lines) == 3
    told.tick(60.0)
    assert told.lines[3:] == [("capture", "state 10", 8)]
    told.tick(200.0)
    assert len(told.lines) == 4


def test_one_part_does_not_silence_another():
    """A camera with a loose plug hides no full disk."""
    told = Told()
    for number in range(10):
        told.change("capture", str(number))
    told.change("storage", "failing")
    assert told.lines[-1] == ("storage", "failing", 0)


def test_a_part_that_was_quiet_is_told_at_once_again():
    """After the while is over its changes count anew."""
    told = Told(most=1)
    told.change("capture", "a")
    told.now_s = 60.0
    told.change("capture", "b")
    assert [state for _, state, _ in told.lines] == ["a", "b"]


def test_a_change_behind_held_ones_never_overtakes_them():
    """Late as the tick may come, what was held is told first, the last state last."""
    told = Told(most=1)
    for state in "abc":
        told.change("capture", state)
    told.now_s = 90.0
    told.change("capture", "d")
    assert told.lines == [("capture", "a", 0)]
    told.tick(90.0)
    assert told.lines[-1] == ("capture", "d", 3)


def test_at_the_end_all_that_was_held_is_told():
    """Nothing more will come, so nothing is waited for."""
    told = Told(most=1)
    for state in "abc":
        told.change("capture", state)
    assert [(h.count, h.last.state) for h in told.limiter.rest()] == [(2, "c")]
    assert told.limiter.rest() == []


@given(st.lists(st.tuples(st.sampled_from("xy"), st.floats(0, 90)), max_size=60))
def test_every_change_is_told_or_counted_and_the_last_state_is_told(changes):
    """Whatever comes when: the sum is right, the end is right, and never too much in a while."""
    told, last = Told(most=2), {}
    for number, (part, pause_s) in enumerate(changes):
        told.tick(told.now_s + pause_s)
        told.change(part, str(number))
        last[part] = str(number)
    told.tick(told.now_s + 60.1)  # sums of pauses are rounded
    for part, state in last.items():
        lines = [(state, held) for name, state, held in told.lines if name == part]
        assert lines[-1][0] == state
        of_part = sum(name == part for name, _ in changes)
        assert sum(max(held, 1) for _, held in lines) == of_part
