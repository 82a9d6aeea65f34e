"""A live run of a unit that gets hot: what is left out, counted, noted and told."""

import json

from edgecrack.conditions import Conditions
from edgecrack.health.monitor import Monitor
from edgecrack.health.verdict import liveness, readiness
from edgecrack.thermal.degrade import Step
from edgecrack.thermal.sparing import Sparing
from tests.edgecrack.survey_parts import frame, lazy

START_NS = 1_780_304_400 * 10**9
STEPS = [Step.NORMAL] * 4 + [Step.HALF_RATE] * 8 + [Step.PAUSED] * 5 + [Step.NORMAL] * 3


def hot(go, steps, *, live=True):
    """Survey a frame at each step; return the outcome, what was told, and verdicts."""
    told, verdicts, now = [], [], [Step.NORMAL]
    monitor = Monitor(Conditions(lambda change: told.append(str(change))))

    def frames():
        for number, step in enumerate(steps):
            now[0] = step
            yield frame(number, 3, START_NS + number * 40_000_000)
            snapshot = monitor.snapshot()
            verdicts.append((liveness(snapshot).is_good, readiness(snapshot).reasons.get("survey")))

    parts = {
        "monitor": monitor,
        "sparing": Sparing(
            lambda: (now[0], "" if now[0] is Step.NORMAL else "cpu is hot"), clock_s=lambda: 0.0
        ),
    }
    return go(lazy(frames) if live else list(frames()), live=live, more=parts), told, verdicts


def test_what_is_left_out_is_counted_noted_and_told(go, tmp_path):
    """Half of eight frames and all of five: frames in are inferred or dropped with their cause."""
    outcome, told, verdicts = hot(go, STEPS)
    report, record = outcome.report, outcome.record
    assert report.frames_inferred == 4 + 4 + 3
    assert report.frames_dropped["thermal"] == 4 + 5
    noted = [(one.step, one.first_frame, one.last_frame, one.frames) for one in record.degraded]
    assert noted == [("half_rate", 4, 11, 4), ("paused", 12, 16, 5)]
    written = json.loads((tmp_path / "run" / "run.json").read_text())
    assert written["degraded"][1]["reason"] == "cpu is hot"
    assert told == ["survey: surveying", "survey: paused: cpu is hot", "survey: surveying"]
    assert all(is_alive for is_alive, _ in verdicts), "a pause is no hang"
    assert [why for _, why in verdicts].count("paused: cpu is hot") == 5


def test_records_made_meanwhile_say_so(go, tmp_path):
    """Whoever reads a line knows that its neighbours may be missing; other lines say nothing."""
    hot(go, STEPS)
    lines = map(json.loads, (tmp_path / "run" / "cracks.geojsonl").read_text().splitlines())
    degraded = {
        line["properties"]["frame"]: line["properties"].get("degraded", "no") for line in lines
    }
    assert [number for number, step in degraded.items() if step == "half_rate"] == [5, 7, 9, 11]
    assert set(degraded.values()) == {"half_rate", "no"}


def test_a_run_that_was_never_hot_says_nothing(go):
    """No key of a record changes for a unit that is not watched."""
    outcome = go([frame(n) for n in range(3)], live=True)
    assert outcome.record.degraded == ()
    assert outcome.report.frames_dropped["thermal"] == 0
