"""Frames of a live source get the time that may be believed, or none."""

from dataclasses import replace

from edgecrack.clock import LEAST_UTC_NS, SECOND_NS, Arrival, ClockSample
from edgecrack.clock.dating import Dating
from edgecrack.clock.gate import ClockGate
from edgecrack.clock.kernel import boot_id, kernel_clock, read_clock
from edgecrack.doctor.machine import kernel_clock as state_of_kernel
from tests.edgecrack.survey_parts import frame

S = SECOND_NS


class Clocks:
    """This machine's clocks, as a test sets them."""

    def __init__(self, utc_ns=0):
        self.ahead_ns, self.now_ns, self.is_kept = utc_ns, 0, False

    def read(self):
        """Return what they say."""
        return ClockSample(self.ahead_ns + self.now_ns, self.now_ns, self.is_kept)


def taken(at_s, server_ns=None):
    """Return a frame taken then, dated by a clock of 1970 as its source does."""
    at_ns = round(at_s * S)
    return replace(frame(0), monotonic_ns=at_ns, captured_ns=at_ns, server_ns=server_ns)


def dated(dating, *frames):
    """Return the times of these frames, in seconds since ``LEAST_UTC_NS``."""
    times_ns = [each.captured_ns for each in dating.dated(frames)]
    return [None if time_ns is None else (time_ns - LEAST_UTC_NS) / S for time_ns in times_ns]


def test_a_frame_has_no_time_before_there_is_one_and_then_has_the_right_one():
    """Also one taken before that, which waited; None is passed on."""
    clocks = Clocks()
    dating = Dating(ClockGate(), clocks.read)
    assert dated(dating, taken(1)) == [None]
    assert [*dating.dated([None])] == [None]
    for second in range(3):
        clocks.now_ns = second * S
        dating.hear(Arrival(LEAST_UTC_NS + second * S, second * S))
    assert dated(dating, taken(1.5), taken(2)) == [1.5, 2]


def test_the_account_of_a_server_is_believed_only_near_a_time_that_is():
    """Within 2 s of it; one that comes before the time is known is not looked at."""
    clocks = Clocks(LEAST_UTC_NS)
    dating = Dating(ClockGate(), clocks.read)
    assert dated(dating, taken(1, LEAST_UTC_NS + S)) == [None]
    clocks.is_kept = True
    assert dated(dating, taken(2, LEAST_UTC_NS + 3 * S)) == [3]
    assert dated(dating, taken(10, LEAST_UTC_NS + 13 * S)) == [10]
    assert dating.server_timed == 1


def test_a_small_step_back_is_levelled_out_and_a_large_one_followed():
    """Another way to tell the time may differ a little; what was wrong by an hour is put right."""
    clocks = Clocks(LEAST_UTC_NS)
    clocks.is_kept, clocks.now_ns = True, 102 * S
    dating = Dating(ClockGate(), clocks.read)
    assert dated(dating, taken(100)) == [100]
    clocks.ahead_ns -= S
    assert dated(dating, taken(100.5), taken(101.5)) == [100, 100.5]
    clocks.ahead_ns -= 60 * S
    assert dated(dating, taken(102)) == [41]


def test_the_clocks_of_this_machine_are_read_at_once():
    """Both advance alike from one reading to the next; the kernel says what it knows of them."""
    first, second = read_clock(), read_clock()
    assert second.monotonic_ns >= first.monotonic_ns > 0
    assert abs(second.offset_ns - first.offset_ns) < 10_000_000
    kernel = kernel_clock()
    assert kernel is not None
    assert (kernel.is_synchronised, kernel.state) == (second.is_synchronised, state_of_kernel())
    assert 0 <= kernel.most_error_s <= 16.1  # of a clock that nothing keeps it is 16 s
    assert 0.1 <= second.error_s < 2


def test_a_boot_has_a_name(tmp_path):
    """The same at each asking; none where the system has none."""
    assert len(boot_id()) == 36
    assert boot_id() == boot_id()
    assert boot_id(tmp_path / "none") == ""
