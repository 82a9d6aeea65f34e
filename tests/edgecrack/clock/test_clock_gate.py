"""From when on the time is believed, and how far it may be off: never further than is said."""

from dataclasses import dataclass, field
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edgecrack.clock import (
    LEAST_UTC_NS,
    SECOND_NS,
    Arrival,
    ClockSample,
    Comparison,
    TimeSource,
)
from edgecrack.clock.gate import JUMP_S, MOST_ERROR_S, ClockGate

S = SECOND_NS
TRUE_NS = LEAST_UTC_NS + 300 * 86_400 * S  # UTC at monotonic 0
HOUR_NS = 3600 * S
NTP, GPS, PPS, NONE = TimeSource.NTP, TimeSource.GPS, TimeSource.PPS, TimeSource.NONE


class Bench:
    """A gate, and clocks that a test sets.

    Attributes:
        off_ns: How far this machine's clock is ahead of UTC.
        told: Each change of state, with its reason.
    """

    def __init__(self, off_ns=0):
        self.told = []
        self.gate = ClockGate(lambda state, reason: self.told.append((state, reason)), "boot")
        self.off_ns, self.now_ns, self.asleep_ns = off_ns, 10 * S, 0
        self.sample()

    def sample(self, *, synchronised=False, after_s=0.0):
        """Read the clocks after some time."""
        self.now_ns += round(after_s * S)
        utc_ns = self.now_ns + self.asleep_ns + TRUE_NS + self.off_ns
        self.gate.sample(
            ClockSample(utc_ns, self.now_ns, synchronised, asleep_ns=self.asleep_ns)
        )  # fmt: skip

    def fixes(self, count, late_s=0.2, off_ns=0, each_s=1.0):
        """Hear so many fixes, this late, each after some time, of a clock so far off."""
        for _ in range(count):
            self.sample(after_s=each_s)
            utc_ns = TRUE_NS + self.asleep_ns + self.now_ns - round(late_s * S) + off_ns
            self.gate.hear(Arrival(utc_ns, self.now_ns))
            self.sample()

    def pulses(self, count, off_ns=0):
        """Hear so many pulses, and a fix with each; gpsd compared them with this clock."""
        for _ in range(count):
            self.fixes(1)
            true_ns = TRUE_NS + self.now_ns
            self.gate.hear(Comparison(true_ns + off_ns, true_ns + self.off_ns, is_pulse=True))
            self.sample()

    @property
    def error_s(self):
        """How far the gate is off now; None while it says nothing."""
        utc_ns = self.gate.utc_ns(self.now_ns)
        return None if utc_ns is None else (utc_ns - TRUE_NS - self.asleep_ns - self.now_ns) / S

    @property
    def source(self):
        """What is believed."""
        return self.gate.mapping.source


def test_a_clock_that_nothing_has_set_is_not_believed():
    """Neither one of 1970 nor one that looks right; the reason is told once."""
    for off_ns in (-TRUE_NS, -HOUR_NS, 0):
        bench = Bench(off_ns)
        for _ in range(100):
            bench.sample(after_s=0.1)
        assert (bench.error_s, bench.source) == (None, NONE)
        assert [state for state, _ in bench.told] == ["waiting"]


def test_a_synchronised_clock_is_believed_at_once():
    """By NTP, with its error; but not if it says a time that is past, whatever the kernel says."""
    bench = Bench()
    bench.sample(synchronised=True)
    assert (bench.error_s, bench.told[-1]) == (0, ("trusted", "by NTP"))
    past = Bench(-TRUE_NS)
    past.sample(synchronised=True)
    assert past.error_s is None


@pytest.mark.parametrize("off_ns", [0, -TRUE_NS, -HOUR_NS, 2 * S])
def test_three_fixes_that_agree_are_believed_and_two_are_not(off_ns):
    """A clock that they agree with is used; instead of another one the receiver's time is."""
    bench = Bench(off_ns)
    bench.fixes(2)
    by_two_s = bench.error_s
    bench.fixes(1)
    assert (by_two_s, bench.error_s) == (None, 0 if off_ns == 0 else -0.2)
    assert bench.source is GPS
    assert ("clock is wrong" in bench.told[-1][1]) == (off_ns != 0)


def test_the_fix_that_is_heard_with_the_least_delay_counts():
    """Nothing is added for the delay, which nobody knows."""
    bench = Bench(-HOUR_NS)
    for late_s in (0.5, 0.1, 0.45, 0.3):
        bench.fixes(1, late_s)
    assert bench.error_s == pytest.approx(-0.1)


@pytest.mark.parametrize(
    "wrong",
    [
        pytest.param(lambda bench: bench.fixes(1, off_ns=S), id="another second"),
        pytest.param(lambda bench: bench.fixes(1, late_s=0.8), id="too late"),
        pytest.param(lambda bench: bench.fixes(1, off_ns=-S), id="stuck"),
        pytest.param(lambda bench: bench.fixes(1, off_ns=-1024 * 7 * 86_400 * S), id="rollover"),
    ],
)
def test_fixes_that_do_not_agree_begin_anew(wrong):
    """Two before and two after one of another kind are no three."""
    bench = Bench(-HOUR_NS)
    bench.fixes(2)
    wrong(bench)
    bench.fixes(2)
    assert bench.error_s is None
    bench.fixes(1)
    assert bench.error_s == pytest.approx(-0.2)


def test_a_receiver_whose_weeks_have_begun_anew_is_never_believed():
    """It agrees with itself, and says a time that is past."""
    bench = Bench(-HOUR_NS)
    bench.fixes(20, off_ns=-1024 * 7 * 86_400 * S)
    assert bench.error_s is None


def test_ten_fixes_a_second_must_agree_for_a_second():
    """Three of them are 0.2 s apart, which proves nothing."""
    bench = Bench(-HOUR_NS)
    bench.fixes(10, each_s=0.1)
    assert bench.error_s is None
    bench.fixes(1, each_s=0.1)
    assert bench.error_s == pytest.approx(-0.2)


@pytest.mark.parametrize("jump_ns", [HOUR_NS, -HOUR_NS, S, -10 * S])
def test_a_jump_of_a_clock_that_was_believed_takes_nothing_away(jump_ns):
    """Time goes on by the monotonic clock; the jump is counted, and the new clock is judged."""
    bench = Bench()
    bench.sample(synchronised=True)
    before = bench.gate.utc_ns(0)
    bench.off_ns += jump_ns
    bench.sample(after_s=0.1)  # the kernel takes a clock that was set for unsynchronised
    assert (bench.error_s, bench.gate.account().jumps) == (0, 1)
    assert "this machine's clock is wrong" in bench.told[-1][1]
    bench.off_ns -= jump_ns
    bench.sample(synchronised=True, after_s=5)
    assert (bench.error_s, bench.gate.account().jumps, bench.told[-1][1]) == (0, 2, "by NTP")
    assert bench.gate.utc_ns(0) == before


def test_a_clock_that_is_set_right_by_a_jump_is_used_again():
    """What fixes refute stays refuted until it is set, since it may come near by chance."""
    bench = Bench(-HOUR_NS)
    bench.fixes(3)
    assert bench.error_s == pytest.approx(-0.2)
    bench.off_ns = 0
    bench.fixes(1)
    assert (bench.error_s, bench.source) == (0, GPS)


def test_a_clock_that_fixes_refute_is_not_used_again_when_they_say_less():
    """A slow one, 0.3 s behind: otherwise the time would go to and fro with the delay of fixes."""
    bench = Bench(-3 * S // 10)
    bench.fixes(3, 0.5)
    slow_s = bench.error_s
    bench.fixes(1, 0.1)
    sharp_s = bench.error_s
    bench.fixes(70, 0.5)
    assert (slow_s, sharp_s) == (pytest.approx(-0.3), pytest.approx(-0.1))
    assert bench.error_s == pytest.approx(-0.5)


def test_what_was_heard_with_less_delay_is_kept_when_fixes_begin_anew():
    """One wrong fix does not make the time worse."""
    bench = Bench(-HOUR_NS)
    bench.fixes(10, 0.1)
    bench.fixes(1, off_ns=S)
    assert bench.error_s == pytest.approx(-0.1)
    bench.fixes(5, 0.5)
    assert bench.error_s == pytest.approx(-0.1)


@pytest.mark.parametrize("drift_ppm", [-50, 50])
def test_the_drift_of_a_crystal_is_followed_as_long_as_there_are_fixes(drift_ppm):
    """Two hours of it are 0.36 s, of which no more is left than the step that is not followed."""
    bench = Bench(-HOUR_NS)
    for second in range(7200):
        bench.fixes(1, 0.1, off_ns=second * drift_ppm * 1000)
    true_s = 7200 * drift_ppm * 1e-6
    assert bench.error_s - true_s == pytest.approx(-0.1, abs=0.06)


def test_what_is_believed_ends_when_it_may_be_off_by_too_much():
    """Hours after the last fix, by the drift of a crystal; until then its bound grows."""
    bench = Bench(-HOUR_NS)
    bench.fixes(3)
    for _ in range(6):
        bench.sample(after_s=3600)
        assert bench.error_s == pytest.approx(-0.2)
    assert 1.8 < bench.gate.mapping.error_at_s(bench.now_ns) < MOST_ERROR_S
    bench.sample(after_s=3600)
    assert (bench.error_s, bench.told[-1][0], bench.source) == (None, "waiting", NONE)
    assert bench.gate.account().first_trusted_by == "gps"
    bench.fixes(3)
    assert bench.error_s == pytest.approx(-0.2)


def test_a_machine_that_slept_has_lost_the_time():
    """The monotonic clock stood still for a while that is not known until something tells."""
    bench = Bench(-HOUR_NS)
    bench.pulses(4)
    assert bench.source is PPS
    bench.asleep_ns = 50 * S
    bench.sample(after_s=0.1)
    assert bench.error_s is None
    assert bench.gate.entries[-1][1].asleep_s == 50.0
    bench.fixes(3)
    assert abs(bench.error_s) <= 0.2


def test_pulses_are_more_exact_than_fixes():
    """Three that agree, and whose second the fixes allow; named as what tells the time."""
    bench = Bench(-HOUR_NS)
    bench.pulses(4)
    assert (bench.error_s, bench.source) == (0, PPS)
    assert bench.told[-1][1].startswith("by the receiver's PPS")
    bench.sample(synchronised=False, after_s=60)
    assert (bench.error_s, bench.source) == (0, PPS)  # it goes on, and is better than fixes
    bench.fixes(600)
    assert bench.source is PPS
    assert bench.gate.mapping.error_at_s(bench.now_ns) > 0.02 + 600 * 50e-6


@pytest.mark.parametrize("off_ns", [S, -S])
def test_pulses_of_another_second_than_the_fixes_are_not_believed(off_ns):
    """Gpsd may name the wrong one; the fixes tell."""
    bench = Bench(-HOUR_NS)
    bench.pulses(5, off_ns)
    assert (bench.error_s, bench.source) == (pytest.approx(-0.2), GPS)


def test_pulses_alone_and_those_that_waver_are_not_believed():
    """Whatever sends them has to know the time by satellites, and be exact."""
    bench = Bench(-HOUR_NS)
    for _ in range(5):
        bench.sample(after_s=1)
        true_ns = TRUE_NS + bench.now_ns
        bench.gate.hear(Comparison(true_ns, true_ns - HOUR_NS, is_pulse=True))
    bench.sample()
    assert bench.error_s is None
    bench = Bench(-HOUR_NS)
    for off_ns in (0, 15_000_000, 0, 15_000_000):
        bench.pulses(1, off_ns)
    assert bench.source is GPS


def test_what_gpsd_compared_before_a_jump_is_left_out():
    """It is against a clock that is not there any more, and would be believed by its size."""
    off_ns = -55 * S // 100
    bench = Bench(off_ns)
    bench.fixes(3)
    true_ns, stale_ns = TRUE_NS + bench.now_ns, TRUE_NS + bench.now_ns + off_ns
    bench.off_ns = 0
    bench.sample(after_s=0.01)
    for n in range(3):
        pulse = Comparison(true_ns + n * 1000, stale_ns + n * 1000, is_pulse=True)
        bench.gate.hear(pulse)
    bench.sample()
    assert (bench.error_s, bench.source) == (0, GPS)


def test_every_change_is_a_line_and_nothing_else_is():
    """Of an hour of fixes and jitter as few as something became another."""
    bench, random = Bench(-HOUR_NS), Random(0)
    for _ in range(3600):
        bench.fixes(1, 0.1 + random.random() * 0.3)
    entries = [entry for _, entry in bench.gate.entries]
    assert 1 <= len(entries) <= 6
    bench.sample(synchronised=True)  # it says so, and is an hour off: NTP is believed
    assert [entry.source for _, entry in bench.gate.entries][-1] is NTP
    assert "the receiver says another time" in bench.told[-1][1]
    numbers = [number for number, _ in bench.gate.entries]
    assert numbers == list(range(len(numbers)))


@dataclass
class World:
    """A unit whose clock jumps, whose receiver stutters, and whose crystal drifts."""

    random: Random
    drift_ppm: float
    late_s: float  # the greatest delay of a fix
    off_ns: int
    true_ns: float = TRUE_NS
    now_ns: int = 10 * S
    is_kept: bool = False  # by NTP
    hears: bool = True
    pulse_off_ns: int | None = None
    gate: ClockGate = field(default_factory=ClockGate)

    def step(self):
        """Let a quarter of a second pass."""
        passed_ns = round(0.25 * S * (0.9 + 0.2 * self.random.random()))
        self.now_ns += passed_ns
        drift_ppm = 0 if self.is_kept else self.drift_ppm
        self.true_ns += passed_ns * drift_ppm * 1e-6
        self._sample()
        if self.hears and self.random.random() < 0.25:
            late_ns = round(self.late_s * self.random.random() * S)
            heard = Arrival(round(self.true_ns) + self.now_ns - late_ns, self.now_ns)
            self.gate.hear(heard)
            utc_ns = round(self.true_ns) + self.now_ns
            system_ns = self.now_ns + round(self.true_ns) + self.off_ns
            self.gate.hear(Comparison(utc_ns - late_ns // 2, system_ns, is_pulse=False))
            if self.pulse_off_ns is not None:
                jitter_ns = self.random.randrange(-1_000_000, 1_000_000)
                pulse_ns = utc_ns + self.pulse_off_ns + jitter_ns
                self.gate.hear(Comparison(pulse_ns, system_ns, is_pulse=True))
        self._sample()
        self._judge()

    def _sample(self):
        utc_ns = round(self.true_ns) + self.now_ns + self.off_ns
        self.gate.sample(ClockSample(utc_ns, self.now_ns, self.is_kept))

    def _judge(self):
        utc_ns = self.gate.utc_ns(self.now_ns)
        if utc_ns is not None:
            error_s = abs(utc_ns - self.now_ns - self.true_ns) / S
            bound_s = self.gate.mapping.error_at_s(self.now_ns)
            assert error_s <= bound_s

    def meet(self, event):
        """Let something happen."""
        if event == "jump":
            self.off_ns, self.is_kept = self.random.choice([0, HOUR_NS, -HOUR_NS, 2 * S]), False
        elif event == "step":  # a small one, which the kernel notes, too
            self.off_ns += round(self.random.uniform(-JUMP_S, JUMP_S) * S)
            self.is_kept = False
        elif event == "ntp":
            self.off_ns, self.is_kept = round(self.random.uniform(-0.1, 0.1) * S), True
        elif event == "lost ntp":
            self.is_kept = False
        elif event == "pps":
            self.pulse_off_ns = self.random.choice([None, 0, S, -S])
        else:
            self.hears = event == "hear"


EVENTS = st.sampled_from(["jump", "step", "ntp", "lost ntp", "deaf", "hear", "pps"])


@given(
    st.integers(0, 2**32),
    st.floats(-50, 50),
    st.floats(0, 0.8),
    st.sampled_from([-TRUE_NS, -HOUR_NS, -600_000_000, 0, 400_000_000, 3 * S]),
    st.lists(st.tuples(EVENTS, st.integers(1, 60)), min_size=1, max_size=12),
)
@example(1, 50.0, 0.8, 0, [("hear", 60), ("deaf", 1), ("hear", 60)])
def test_the_time_is_never_further_off_than_the_gate_says(seed, drift_ppm, late_s, off_ns, events):
    """Whatever jumps, stutters, drifts and goes away: at no moment is the bound broken."""
    world = World(Random(seed), drift_ppm, late_s, off_ns)
    for event, steps in events:
        world.meet(event)
        for _ in range(steps):
            world.step()
