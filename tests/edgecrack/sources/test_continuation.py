"""One sequence of frames out of those of several openings: nothing goes backwards."""

from dataclasses import replace
from itertools import pairwise

from hypothesis import given
from hypothesis.strategies import booleans, integers, lists, tuples

from edgecrack.clock import MOST_HELD_NS
from edgecrack.sources.continuation import Continuation
from tests.edgecrack.survey_parts import frame

S = 10**9
OPENINGS = lists(
    lists(tuples(integers(-S, 10 * S), integers(-MOST_HELD_NS // 9, S)), min_size=1, max_size=4),
    min_size=1,
    max_size=4,
)


@given(openings=OPENINGS, has_start=booleans())
def test_numbers_and_times_never_go_backwards(openings, has_start):
    """Whatever times the openings begin at, and however they jump."""
    sequence, seen, now_ns, count = Continuation(5 if has_start else None), [], S, 0
    for number, times in enumerate(openings):
        if number:
            sequence.begin(count)
        for index, (pts_ns, step_ns) in enumerate(times):
            now_ns += step_ns
            count += 1
            made = frame(index, captured_ns=10**15 + now_ns)
            seen.append(sequence.next(replace(made, pts_ns=pts_ns, monotonic_ns=now_ns)))
    assert [one.index for one in seen] == list(range(count))
    for before, after in pairwise(seen):
        assert after.pts_ns >= before.pts_ns
        assert after.captured_ns >= before.captured_ns


def test_media_time_goes_on_by_the_time_that_passed():
    """A minute without a camera is a minute of the run, however the camera counts anew."""
    sequence = Continuation()
    sequence.next(replace(frame(0), pts_ns=7 * S, monotonic_ns=100 * S))
    sequence.begin(1)
    back = sequence.next(replace(frame(0), pts_ns=900 * S, monotonic_ns=160 * S))
    later = sequence.next(replace(frame(1), pts_ns=901 * S, monotonic_ns=161 * S))
    assert (back.pts_ns, later.pts_ns) == (67 * S, 68 * S)


def test_a_clock_that_was_wrong_and_is_set_back_is_followed():
    """Held at the wrong time for an hour, no frame would have a place in it."""
    sequence = Continuation()
    sequence.next(frame(0, captured_ns=9_000 * S))
    assert sequence.next(frame(1, captured_ns=5_400 * S)).captured_ns == 5_400 * S


def test_a_short_step_back_is_levelled_out():
    """As where the server's own account of the time begins."""
    sequence = Continuation()
    sequence.next(frame(0, captured_ns=10 * S))
    assert sequence.next(frame(1, captured_ns=10 * S - S // 5)).captured_ns == 10 * S
    assert sequence.next(frame(2, captured_ns=10 * S + 1)).captured_ns == 10 * S + 1


def test_frames_without_a_time_get_none():
    """No time is invented, nor is the last one forgotten."""
    sequence = Continuation()
    sequence.next(frame(0, captured_ns=10 * S))
    assert sequence.next(frame(1)).captured_ns is None
    assert sequence.next(frame(2, captured_ns=10 * S - 5)).captured_ns == 10 * S
