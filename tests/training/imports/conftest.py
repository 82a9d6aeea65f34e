"""``edgecrack-train import`` in this process."""

import sys
from functools import partial

import pytest

from training.commands import app

COMMAND = partial(app, standalone_mode=False)


@pytest.fixture
def run_import(monkeypatch, capsys):
    """Return a function that runs the command, and returns stdout."""

    def run(*arguments, main=COMMAND):
        monkeypatch.setattr(sys, "argv", ["edgecrack-train", "import", *map(str, arguments)])
        main()
        return capsys.readouterr().out

    return run
