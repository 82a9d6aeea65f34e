"""Which frames a unit leaves out, and what is noted of it."""

import itertools
import threading
from contextlib import ExitStack

from edgecrack.conditions import Conditions
from edgecrack.thermal import ThermalSpec
from edgecrack.thermal import sparing as sparing_module
from edgecrack.thermal.degrade import Degrade, Step
from edgecrack.thermal.sparing import MOST_NOTED, Sparing, open_sparing
from edgecrack.thermal.strain import Strain
from edgecrack.thermal.watch import StrainWatch
from tests.edgecrack.survey_parts import frame

START_NS = 1_780_304_400 * 10**9
UNTOLD = "no sensor tells the temperature, so thermal.warm_c does nothing"
NORMAL, HALF_RATE, QUARTER_RATE, PAUSED = Step


class Unit:
    """A unit at a step that a test sets, on a clock that it turns."""

    def __init__(self):
        self.now_s, self.step, self.out = 0.0, NORMAL, []
        self.sparing = Sparing(lambda: (self.step, "hot"), lambda: self.now_s)

    def kept(self, steps, *, took_s=0.0, each_s=0.04):
        """Offer a frame at each of these steps; return the numbers of those that are kept."""
        kept = []

        def frames():
            for number, step in enumerate(steps):
                self.step = step
                self.now_s += each_s
                yield None if step is None else frame(number, captured_ns=START_NS + number)

        for one in self.sparing.kept(frames(), lambda frame: self.out.append(frame.index)):
            if one is not None:
                kept.append((one.index, one.degraded))
                self.now_s += took_s
        return kept


def test_a_unit_that_is_well_leaves_nothing_out():
    """Frames go through as they are, and ticks with them."""
    unit = Unit()
    assert unit.kept([NORMAL, NORMAL]) == [(0, ""), (1, "")]
    assert (unit.out, unit.sparing.noted) == ([], ())
    frames = [frame(0), None, frame(1)]
    assert list(Sparing().kept(frames, unit.out.append)) == frames


def test_each_step_leaves_its_share():
    """Every second, three of four, or all; those that are kept say so."""
    assert Unit().kept([HALF_RATE] * 8) == [(n, "half_rate") for n in (1, 3, 5, 7)]
    assert Unit().kept([QUARTER_RATE] * 8) == [(n, "quarter_rate") for n in (3, 7)]
    unit = Unit()
    assert unit.kept([PAUSED] * 8) == []
    assert unit.out == list(range(8))


def test_a_slow_network_rests_as_long_as_it_worked():
    """Where it takes longer than a camera's picture, leaving out one would spare little."""
    for step, gap in ((HALF_RATE, 4), (QUARTER_RATE, 12)):
        kept = [number for number, _ in Unit().kept([step] * 99, took_s=0.25, each_s=0.0625)]
        assert {after - before for before, after in itertools.pairwise(kept)} == {gap}


def test_each_time_is_noted():
    """From which frame to which, at which step and why, and how many were left out."""
    unit = Unit()
    unit.kept([NORMAL, HALF_RATE, HALF_RATE, PAUSED, PAUSED, NORMAL, HALF_RATE])
    half, paused, again = unit.sparing.noted
    assert (half.step, half.reason, half.first_frame, half.last_frame, half.frames) == (
        "half_rate", "hot", 1, 2, 1,
    )  # fmt: skip
    assert half.from_utc.startswith("2026-06-01T09:00:00")
    assert (paused.step, paused.first_frame, paused.last_frame, paused.frames) == (
        "paused",
        3,
        4,
        2,
    )
    assert (again.first_frame, again.last_frame) == (6, 6)


def test_only_so_many_times_are_noted():
    """Of more than fit, those with most frames left out, in order."""
    unit = Unit()
    steps = [PAUSED] * 9
    for number in range(3 * MOST_NOTED):
        steps += [NORMAL, *[PAUSED] * (1 + number % 2)]
    unit.kept(steps)
    noted = unit.sparing.noted
    assert len(noted) == MOST_NOTED
    assert noted[0].frames == 9
    assert [one.first_frame for one in noted] == sorted(one.first_frame for one in noted)
    assert sum(one.frames == 2 for one in noted) >= MOST_NOTED - 2


def test_a_file_and_a_unit_without_thresholds_are_not_watched():
    """Of a file no frame is left out; by default no thread runs."""
    before = threading.active_count()
    with ExitStack() as stack:
        open_sparing(ThermalSpec(), Conditions(), stack, live=True)
        open_sparing(ThermalSpec(warm_c=20.0), Conditions(), stack, live=False)
        assert threading.active_count() == before


def test_a_watched_unit_notes_its_step_as_a_condition(monkeypatch):
    """From the sensor's thread to whoever asks; a sensor that vanishes then is said."""
    readings = [Strain(99.0, "cpu")] * 3 + [Strain()] * 10**6
    changed = threading.Event()

    def watched(degrade, on_step):
        return StrainWatch(degrade, on_step, lambda: readings.pop(0), interval_s=0.001)

    monkeypatch.setattr(sparing_module, "StrainWatch", watched)
    ticks = iter(range(0, 10**9, 2))
    monkeypatch.setattr(sparing_module, "Degrade", lambda spec: Degrade(spec, lambda: next(ticks)))
    seen = []

    def on_change(change):
        seen.append(str(change))
        if change.state == "unknown":
            changed.set()

    conditions = Conditions(on_change)
    with ExitStack() as stack:
        open_sparing(ThermalSpec(warm_c=80.0), conditions, stack, live=True)
        assert changed.wait(30)
    assert seen == ["temperature: half_rate: cpu is at 99 °C, 80 °C is too warm",
                    f"temperature: unknown: {UNTOLD}"]  # fmt: skip
    assert "strain" not in {thread.name for thread in threading.enumerate()}


def test_a_threshold_without_a_sensor_is_said_once(monkeypatch):
    """At once, with the keys that do nothing; well again where the sensor tells after all."""
    readings = [Strain()] * 5 + [Strain(40.0, "cpu")] * 10**6
    changed = threading.Event()

    def watched(degrade, on_step):
        return StrainWatch(degrade, on_step, lambda: readings.pop(0), interval_s=0.001)

    monkeypatch.setattr(sparing_module, "StrainWatch", watched)
    seen = []

    def on_change(change):
        seen.append(str(change))
        if change.state == "normal":
            changed.set()

    with ExitStack() as stack:
        open_sparing(ThermalSpec(warm_c=80.0), Conditions(on_change), stack, live=True)
        assert changed.wait(30)
    assert seen == [f"temperature: unknown: {UNTOLD}", "temperature: normal"]
