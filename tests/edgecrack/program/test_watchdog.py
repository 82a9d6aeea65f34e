"""What feeds the watchdog, heard on a real socket: progress in any declared state, and no hang.

Surveys in memory, told to systemd as ``edgecrack run`` tells them.
"""

import threading
from itertools import pairwise
from typing import Any

import pytest

from edgecrack.commands.journal import Journal
from edgecrack.commands.progress import progress_of
from edgecrack.conditions import Conditions
from edgecrack.health import verdict
from edgecrack.health.monitor import Monitor
from edgecrack.health.verdict import liveness
from edgecrack.positions.positioning import Positioning
from edgecrack.positions.standstills import Standstills
from edgecrack.positions.track import Track
from edgecrack.program import service as service_module
from edgecrack.program.service import Service
from edgecrack.records import Fix
from edgecrack.sinks.images import ImageSink
from edgecrack.thermal.degrade import Step
from edgecrack.thermal.sparing import Sparing
from tests.edgecrack.program.notify_manager import Manager
from tests.edgecrack.survey_parts import SentFixes, frame, lazy

SECOND_NS = 10**9
START_NS = 1_780_304_400 * SECOND_NS


class Unit:
    """A unit under a manager: what it told it, round by round.

    Attributes:
        monitor: What is known of the unit.
    """

    def __init__(self, manager: Manager, go) -> None:
        self._manager, self._go = manager, go
        self._service = Service(manager.address)
        journal = Journal(self._service, write=lambda _line: None)
        self.monitor = Monitor(Conditions(journal.change))

    def survey(self, frames, **more):
        """Survey frames; return the outcome."""
        with progress_of(self._service) as show:
            return self._go(
                lazy(frames),
                live=True,
                on_frame=lambda done, total: show("frames", done, total),
                more={"monitor": self.monitor, **more.pop("more", {})},
                **more,
            )

    def heard(self) -> list[str]:
        """Return the lines that have come since it was asked the last time."""
        return self._manager.hear_the_rest()


@pytest.fixture
def unit(manager, go, monkeypatch):
    """Return a unit that tells each round, however soon after the one before."""
    monkeypatch.setattr(service_module, "TELL_EACH_S", 0.0)
    monkeypatch.setattr("edgecrack.health.monitor.TELL_EACH_S", 0.0)
    return Unit(manager, go)


@pytest.fixture
def busy_disk(monkeypatch):
    """Let the disk hang from the first picture on; return what ends that, and what tells of it."""
    may_write, is_writing, write = threading.Event(), threading.Event(), ImageSink.write

    def write_late(self, observation):
        is_writing.set()
        assert may_write.wait(60)
        write(self, observation)

    monkeypatch.setattr(ImageSink, "write", write_late)
    return may_write, is_writing


def test_a_writer_that_hangs_starves_the_watchdog(unit, busy_disk, monkeypatch):
    """The loop goes on beside it, but only a new start helps; if it comes back, it is fed."""
    may_write, is_writing = busy_disk
    fed, alive = [], []

    def frames():
        yield frame(0, 3)
        assert is_writing.wait(60)
        yield frame(1, 3)
        yield frame(2, 3)
        fed.append("WATCHDOG=1" in unit.heard())
        monkeypatch.setattr(verdict, "WRITE_WITHIN_S", 0.0)
        for number in range(3, 9):
            yield frame(number, 3)
            alive.append(liveness(unit.monitor.snapshot()).is_good)
        fed.append("WATCHDOG=1" in unit.heard())
        monkeypatch.setattr(verdict, "WRITE_WITHIN_S", 1e6)
        may_write.set()
        yield frame(9, 3)
        yield frame(10, 3)
        fed.append("WATCHDOG=1" in unit.heard())

    outcome = unit.survey(frames)
    assert fed == [True, False, True]
    assert alive[1:] == [False] * 5
    assert outcome.report.frames_inferred == 11, "capture and inference went on all the while"
    assert outcome.report.frames_out == 11, "no record is lost"


@pytest.mark.parametrize("state", ["standstill", "paused", "waiting"])
def test_a_healthy_wait_feeds_it_and_is_shown(unit, state):
    """In each declared state every round feeds it; who looks at the service sees which it is."""
    rounds = []

    def frames():
        yield frame(0, captured_ns=START_NS)
        yield frame(1, captured_ns=START_NS + SECOND_NS)
        unit.heard()
        for number in range(2, 8):
            is_there = state != "waiting"
            yield frame(number, captured_ns=START_NS + number * SECOND_NS) if is_there else None
            rounds.append(unit.heard())

    parts: dict[str, Any] = {}
    if state == "standstill":
        stands = [Fix(START_NS + s * SECOND_NS, 50.0, 8.0, speed_mps=0.0) for s in range(-4, 9)]
        track = Track()
        for fix in stands:
            track.add(fix)
        parts["positioning"] = Positioning(track, SentFixes(), standstills=Standstills(track))
    if state == "paused":
        steps = iter([Step.NORMAL] * 2 + [Step.PAUSED] * 99)
        step = [Step.NORMAL]

        def paused():
            step[0] = next(steps, Step.PAUSED)
            return step[0], "cpu is hot" if step[0] is Step.PAUSED else ""

        parts["more"] = {"sparing": Sparing(paused)}
    unit.survey(frames, **parts)
    assert all("WATCHDOG=1" in heard for heard in rounds)
    shown = [line for heard in rounds for line in heard if line.startswith("STATUS=")]
    wanted = {"standstill": "STATUS=standstill; ", "paused": "STATUS=paused: cpu is hot; ",
              "waiting": "STATUS=2 frames"}[state]  # fmt: skip
    assert shown[-1].startswith(wanted)
    assert liveness(unit.monitor.snapshot()).is_good


def test_the_limits_leave_systemd_the_last_word():
    """Health is bad before the watchdog ends a unit, so an alarm tells why it was started anew."""
    limits_s = (verdict.FRAME_WITHIN_S, verdict.TURN_WITHIN_S, verdict.WRITE_WITHIN_S, 45.0)
    assert all(sooner < later for sooner, later in pairwise(limits_s))
