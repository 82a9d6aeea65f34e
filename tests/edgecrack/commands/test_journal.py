"""What is told of a unit's states: lines for the journal, and the state of its service."""

import json

import pytest
from typer.testing import CliRunner

from edgecrack.change_limiter import ChangeLimiter
from edgecrack.commands import app
from edgecrack.commands.journal import Journal
from edgecrack.conditions import Conditions
from edgecrack.errors import SourceError
from edgecrack.program.service import Service


def journal_of(*, as_json=False, most=6):
    """Return conditions whose journal is a list of lines, the lines, the service, the journal."""
    lines, service, now_s = [], Service(None), [0.0]
    limiter = ChangeLimiter(most, 60.0, clock_s=lambda: now_s[0])
    journal = Journal(
        service, as_json=as_json, write=lines.append, clock_ns=lambda: 1_780_304_400 * 10**9,
        limiter=limiter,
    )  # fmt: skip
    return Conditions(journal.change), lines, service, journal


def test_the_usual_is_no_news():
    """A run that goes well says nothing; once there was news of a part, its end is told too."""
    conditions, lines, service, _ = journal_of()
    conditions.note("capture", "opening")
    conditions.note("capture", "capturing")
    conditions.note("survey", "surveying")
    assert (lines, service.state) == ([], "")
    conditions.note("capture", "reconnecting", "rtsp://me:secret@cam/1 stopped")
    assert service.state == "reconnecting: rtsp://***@cam/1 stopped"
    conditions.note("capture", "capturing")
    assert lines == [
        "capture: reconnecting: rtsp://***@cam/1 stopped",
        "capture: capturing",
    ]
    assert service.state == ""


def test_the_service_shows_all_that_is_not_the_usual():
    """Who looks at systemctl status sees a pause and why, and a receiver that is away."""
    conditions, lines, service, _ = journal_of()
    conditions.note("survey", "standstill")
    assert service.state == "standstill"
    conditions.note("temperature", "paused", "cpu is at 99 °C")
    conditions.note("survey", "paused", "cpu is at 99 °C")
    assert service.state == ("temperature: paused: cpu is at 99 °C; paused: cpu is at 99 °C")
    conditions.note("temperature", "normal")
    conditions.note("survey", "surveying")
    conditions.note("storage", "recording")
    conditions.note("receiver", "connected")
    conditions.note("clock", "trusted", "NTP keeps it")
    assert service.state == ""
    assert lines[-2:] == ["receiver: connected", "clock: trusted: NTP keeps it"]


def test_json_lines_have_time_part_state_and_reason():
    """One object a line, whatever the reason holds; what was held back is counted in it."""
    conditions, lines, _, journal = journal_of(as_json=True, most=1)
    conditions.note("capture", "reconnecting", 'it "stopped"\nnow')
    for reason in "ab":
        conditions.note("capture", "reconnecting", reason)
    journal.say("decoder: software")
    journal.close()
    told = [json.loads(line) for line in lines]
    assert all("\n" not in line for line in lines)
    assert {one["time"] for one in told} == {"2026-06-01T09:00:00.000Z"}
    assert [one.get("part") for one in told] == ["capture", None, "capture"]
    assert told[0]["state"] == "reconnecting"
    assert told[0]["reason"].startswith('it "stopped"')
    assert told[1]["message"] == "decoder: software"
    assert (told[2]["reason"], told[2]["more"]) == ("b", 2)


def test_text_says_how_many_changes_it_leaves_out():
    """And what the part does since."""
    conditions, lines, _, journal = journal_of(most=1)
    for reason in "abc":
        conditions.note("receiver", "away", reason)
    journal.tick()
    assert lines == ["receiver: away: a"]
    journal.close()
    assert lines[1] == "2 more changes of receiver in 0 s; now receiver: away: c"


@pytest.fixture
def ran(monkeypatch):
    """Return a function that runs ``edgecrack run`` with a survey of a test's own; its stderr."""

    def _ran(survey):
        def run(_config, _stop, on_progress, _say, conditions):
            survey(on_progress, conditions)
            raise SourceError("it ended")

        monkeypatch.setattr("edgecrack.run.run", run)
        return CliRunner().invoke(app, ["run", "test:", "--log", "json"]).stderr

    return _ran


def test_a_run_that_ends_tells_what_was_held_back(ran):
    """However it ends: the last state of a part is never lost."""

    def survey(_on_progress, conditions):
        for number in range(20):
            conditions.note("receiver", "away", f"reason {number}")

    told = [json.loads(line) for line in ran(survey).splitlines() if line.startswith("{")]
    assert told[-1]["reason"] == "reason 19"
    assert told[-1]["more"] == 20 - (len(told) - 1)


def test_each_round_of_a_run_looks_at_what_is_held_back(ran, monkeypatch):
    """So a camera that flapped for a while and stays away is told within the minute."""
    ticks = []
    monkeypatch.setattr(Journal, "tick", lambda _self: ticks.append(1))
    ran(lambda on_progress, _: [on_progress("frames", done, None) for done in range(3)])
    assert ticks == [1, 1, 1]
