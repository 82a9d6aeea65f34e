"""The help of a command in a terminal as narrow as any."""

import pytest
from typer.testing import CliRunner

from edgecrack.commands import app
from edgecrack.config import SPECS


@pytest.fixture
def help_of_a_run(monkeypatch):
    """Return what ``edgecrack run --help`` prints at 80 columns."""
    monkeypatch.setattr("typer.rich_utils.MAX_WIDTH", 80)
    return CliRunner().invoke(app, ["run", "--help"]).stdout


def test_no_word_of_the_help_is_cut(help_of_a_run):
    """An example or a default that ends in an ellipsis helps nobody."""
    lines = help_of_a_run.splitlines()
    assert max(map(len, lines)) == 80
    assert [line for line in lines if "…" in line] == []


def test_the_options_stand_in_the_tables_of_a_units_file(help_of_a_run):
    """In their order; a long list is read by its headings."""
    places = [help_of_a_run.index(f"─ {table} (its table in unit.toml) ─") for table in SPECS]
    assert places == sorted(places)
