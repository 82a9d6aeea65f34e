"""Bytes a day, and whether they cost money."""

import json

import pytest

from edgecrack.storage.disk import LocalDisk
from edgecrack.uplink.budget import DAY_S, STEP_BYTES, DayBudget
from edgecrack.uplink.metering import ASK_EACH_S, Metering, ask_network_manager

DAY_NS = DAY_S * 10**9
TODAY_NS = 20_000 * DAY_NS + 5


class Clocks:
    """UTC, which may not be known, and monotonic seconds."""

    def __init__(self):
        self.utc_ns, self.s = TODAY_NS, 1000.0


@pytest.fixture
def clocks():
    """Clocks that a test sets."""
    return Clocks()


@pytest.fixture
def budget(tmp_path, clocks):
    """Return a function that opens the budget of 10 MB as a start of the program does."""

    def make(most_bytes=10_000_000):
        file = tmp_path / "state" / "budget.json"
        return DayBudget(most_bytes, file, LocalDisk(), lambda: clocks.utc_ns, lambda: clocks.s)

    return make


def test_what_was_spent_is_counted_over_restarts_and_never_too_little(budget, clocks):
    """Started a hundred times, the day has one budget; a start costs at most one step of it."""
    spent = 0
    for _ in range(100):
        today = budget()
        assert spent <= today.used_bytes <= spent + 100 * STEP_BYTES
        today.spend(1000)
        today.spend(9000)
        spent += 10_000
        clocks.s += 1
    assert budget().left_bytes() <= 10_000_000 - spent


def test_a_new_day_has_a_new_budget_and_a_clock_set_back_has_not(budget, clocks):
    """By UTC where it is known."""
    today = budget()
    today.spend(9_999_000)
    assert today.left_bytes() == 1000
    clocks.utc_ns -= DAY_NS
    assert today.left_bytes() == 1000
    clocks.utc_ns += 2 * DAY_NS
    assert today.left_bytes() == 10_000_000
    assert budget().left_bytes() == 10_000_000


def test_without_a_clock_a_day_is_24_hours_of_running(budget, clocks):
    """Restarts make it longer, not shorter; when the time is found out, the day goes on."""
    clocks.utc_ns = None
    today = budget()
    today.spend(5_000_000)
    clocks.s += DAY_S - 1
    assert today.left_bytes() == 5_000_000
    again = budget()
    assert again.used_bytes >= 5_000_000
    clocks.s += 1
    assert today.left_bytes() == 10_000_000
    clocks.utc_ns = TODAY_NS
    assert again.used_bytes >= 5_000_000
    clocks.utc_ns += DAY_NS
    assert again.used_bytes == 0


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"utc_day": "x", "used_bytes": 1}', '{"utc_day": 1, "used_bytes": -4}']
)
def test_a_file_that_says_nothing_is_a_new_day(budget, tmp_path, text):
    """It is written whole or not at all; what was changed by hand stops no unit."""
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "budget.json").write_text(text)
    assert budget().used_bytes == 0


def test_it_is_written_a_step_ahead_and_not_for_every_message(tmp_path, budget):
    """A memory card is written to sixteen times a megabyte, not thousands."""
    today, written = budget(), set()
    for _ in range(1000):
        today.spend(1000)
        written.add(json.loads((tmp_path / "state" / "budget.json").read_text())["used_bytes"])
    assert 15 <= len(written) <= 17
    assert max(written) >= 1_000_000


def test_without_a_bound_there_is_always_room(budget):
    """No budget is no bound."""
    assert budget(None).left_bytes() == float("inf")


def test_network_manager_is_asked_once_a_minute():
    """And is not asked where a person has said it."""
    now, asked = [0.0], []

    def ask():
        asked.append(now[0])
        return "GENERAL.METERED:no\n" if len(asked) == 1 else "GENERAL.METERED:yes\n"

    auto = Metering("auto", ask, lambda: now[0])
    assert not auto.is_metered()
    now[0] = ASK_EACH_S - 1
    assert not auto.is_metered()
    now[0] = ASK_EACH_S
    assert auto.is_metered()
    assert [Metering(rule, ask).is_metered() for rule in ("yes", "no")] == [True, False]
    assert asked == [0.0, ASK_EACH_S]


def test_an_answer_that_is_no_text_is_read_all_the_same(tmp_path, monkeypatch):
    """A word of NetworkManager in another encoding ends no thread."""
    program = tmp_path / "nmcli"
    program.write_bytes(b"#!/bin/sh\nprintf 'GENERAL.METERED:no (\\351)\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert ask_network_manager() == "GENERAL.METERED:no (\ufffd)\n"
    assert not Metering("auto").is_metered()
