"""What is installed here is what was pinned."""

import importlib.metadata
import re
import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[1]


def test_what_runs_here_is_what_is_pinned():
    """Every installed package that the constraints name has the version they name."""
    python = "<" if sys.version_info < (3, 11) else ">="
    wrong = []
    for line in (CHECKOUT / "constraints.txt").read_text(encoding="utf-8").splitlines():
        pin = re.fullmatch(r'([\w-]+)==([\w.]+)(?:; python_version (<|>=) "3.11")?', line)
        assert pin or line.startswith("#"), f"not a pin: {line}"
        if pin and pin[3] in (None, python):
            found = {d.version.split("+")[0] for d in importlib.metadata.distributions(name=pin[1])}
            wrong += [line] if found - {pin[2]} else []
    assert wrong == []
