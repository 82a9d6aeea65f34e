"""How much a unit does, on a clock that the test turns: thresholds, dwell times, hysteresis."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgecrack.thermal import ThermalSpec
from edgecrack.thermal.degrade import BETTER_AFTER_S, WORSE_AFTER_S, Degrade, Step
from edgecrack.thermal.strain import Strain

SPEC = ThermalSpec(warm_c=80.0, hot_c=90.0, critical_c=100.0, hysteresis_c=5.0)
NORMAL, HALF_RATE, QUARTER_RATE, PAUSED = Step


class Unit:
    """A unit, and the time."""

    def __init__(self, spec=SPEC):
        self.now_s = 0.0
        self.degrade = Degrade(spec, lambda: self.now_s)

    def bears(self, strain, for_s, each_s=1.0):
        """Take the same reading each second for so long; return the step after it."""
        step = self.degrade.take(strain)
        for _ in range(round(for_s / each_s)):
            self.now_s += each_s
            step = self.degrade.take(strain)
        return step

    def at(self, temperature_c, for_s=WORSE_AFTER_S + 1):
        """Stay at a temperature; return the step after it."""
        return self.bears(Strain(temperature_c, "cpu-thermal"), for_s)


@pytest.mark.parametrize(
    ("temperature_c", "step"),
    [(79.9, NORMAL), (80, HALF_RATE), (89.9, HALF_RATE), (90, QUARTER_RATE), (100, PAUSED),
     (149, PAUSED)],
)  # fmt: skip
def test_each_threshold_has_its_step(temperature_c, step):
    """Reached is passed; a jump goes to whatever step is due, not through all of them."""
    unit = Unit()
    assert unit.at(temperature_c) is step
    assert bool(unit.degrade.reason) is (step is not NORMAL)


def test_a_reading_that_makes_no_sense_changes_nothing():
    """A step is due for some seconds before it is taken; one outlier starts the count anew."""
    unit = Unit()
    assert unit.at(149, for_s=WORSE_AFTER_S - 1) is NORMAL
    assert unit.at(40, for_s=1) is NORMAL
    assert unit.at(149, for_s=WORSE_AFTER_S - 1) is NORMAL
    assert unit.at(149, for_s=1) is PAUSED


def test_it_gets_better_one_step_at_a_time():
    """Each for at least half a minute, and not before it is cooler by the hysteresis."""
    unit = Unit()
    unit.at(100)
    assert unit.at(95.1, for_s=600) is PAUSED
    assert unit.at(60, for_s=BETTER_AFTER_S - 1) is PAUSED
    assert unit.at(60, for_s=1) is QUARTER_RATE
    assert unit.at(60, for_s=BETTER_AFTER_S - 1) is QUARTER_RATE
    assert unit.at(60, for_s=1) is HALF_RATE
    assert unit.at(60, for_s=BETTER_AFTER_S + 1) is NORMAL
    assert unit.degrade.reason == ""


def test_it_settles_between_two_thresholds():
    """Between warm and what is too warm for full rate nothing goes up and down."""
    unit = Unit()
    unit.at(81)
    steps = {unit.at(79 + 2 * (n % 2), for_s=40) for n in range(20)}
    assert steps == {HALF_RATE}


def test_a_sensor_that_vanishes_lets_a_unit_come_back():
    """Not at once, since a reading may fail; but no unit stays paused for what nobody measures."""
    unit = Unit()
    unit.at(100)
    assert unit.bears(Strain(), BETTER_AFTER_S - 1) is PAUSED
    assert unit.at(101, for_s=1) is PAUSED
    assert unit.bears(Strain(), 3 * BETTER_AFTER_S + 5) is NORMAL


def test_a_threshold_that_is_not_set_has_no_step():
    """Each works alone; without any nothing is done, however hot it is."""
    assert Unit(ThermalSpec()).at(149) is NORMAL
    assert not ThermalSpec().is_on
    alone = Unit(ThermalSpec(critical_c=95.0))
    assert alone.at(94.9) is NORMAL
    assert alone.at(95) is PAUSED
    assert ThermalSpec(critical_c=95.0).is_on


def test_a_low_supply_has_two_steps():
    """Half rate, then pause; back with two per cent more; the reason names both voltages."""
    unit = Unit(ThermalSpec(low_v=11.8, critical_v=11.2))
    assert unit.bears(Strain(supply_v=11.8), 9) is NORMAL
    assert unit.bears(Strain(supply_v=11.7), 9) is HALF_RATE
    assert unit.degrade.reason == "the supply gives 11.70 V, 11.8 V is low"
    assert unit.bears(Strain(supply_v=11.1), 9) is PAUSED
    assert unit.bears(Strain(supply_v=11.4), 99) is PAUSED
    assert unit.bears(Strain(supply_v=12.1), 99) is NORMAL
    assert unit.bears(Strain(supply_v=None), 9) is NORMAL


def test_an_alarm_of_the_board_halves_the_rate_while_it_lasts():
    """A level or a count that grows; the count at the start is of the past."""
    unit = Unit(ThermalSpec(supply_alarms=True))
    assert unit.bears(Strain(events=7), 9) is NORMAL
    assert unit.bears(Strain(events=8), 9) is HALF_RATE
    assert unit.bears(Strain(events=8), 9 + BETTER_AFTER_S) is NORMAL
    assert unit.bears(Strain(is_weak=True), 60) is HALF_RATE
    assert Unit(SPEC).bears(Strain(is_weak=True, events=3), 60) is NORMAL


def test_the_worst_of_all_counts():
    """Heat and a weak supply together: whatever asks for less is heard."""
    unit = Unit(ThermalSpec(warm_c=80.0, critical_v=11.0))
    assert unit.bears(Strain(85.0, "cpu", supply_v=10.9), 9) is PAUSED
    assert "supply" in unit.degrade.reason


def test_how_many_frames_a_step_leaves():
    """All, every second, every fourth, none."""
    assert [step.one_in for step in Step] == [1, 2, 4, 0]


@pytest.mark.parametrize(
    "given_c", [(80, 80, None), (90, 80, None), (None, 100, 90), (100, None, 90)]
)
def test_thresholds_out_of_order_are_refused(given_c):
    """A unit that pauses before it goes easy was not meant."""
    warm_c, hot_c, critical_c = given_c
    with pytest.raises(ValueError, match="must keep warm_c < hot_c < critical_c") as refused:
        ThermalSpec(warm_c=warm_c, hot_c=hot_c, critical_c=critical_c)
    found = str(refused.value).partition(", but ")[2]
    names = ("warm_c", "hot_c", "critical_c")
    pairs = zip(names, given_c, strict=True)
    assert found == " and ".join(f"{name} = {c}" for name, c in pairs if c is not None)
    with pytest.raises(ValueError, match="critical_v must be below"):
        ThermalSpec(low_v=11.0, critical_v=11.0)


@given(st.lists(st.floats(allow_nan=True) | st.none(), max_size=40))
def test_no_reading_ends_it(readings):
    """Whatever a sensor says, the step is one of four; what is no number is no strain."""
    unit = Unit()
    for temperature_c in readings:
        assert unit.at(temperature_c, for_s=2) in Step
    if all(value is None or math.isnan(value) for value in readings):
        assert unit.degrade.step is NORMAL
