"""``edgecrack-train import`` in this process."""

import sys

import pytest

from training.commands import app


@pytest.fixture
def run_import(monkeypatch, capsys):
    """Return a function that runs the command, and returns stdout."""

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["edgecrack-train", "import", *map(str, arguments)])
        app(standalone_mode=False)
        return capsys.readouterr().out

    return run
