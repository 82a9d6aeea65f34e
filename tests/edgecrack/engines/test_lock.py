"""One build at a time."""

import subprocess
import sys

import pytest

from edgecrack.engines.lock import build_lock
from edgecrack.errors import SinkError

HOLD = """
import sys
from pathlib import Path
from edgecrack.engines.lock import build_lock
with build_lock(Path(sys.argv[1]), lambda: None):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Return a process that holds the lock."""
    child = subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert child.stdout.readline() == b"held\n"
    yield child
    child.kill()
    child.wait()
    child.stdin.close()
    child.stdout.close()


def test_the_second_waits_for_the_first(holder, tmp_path):
    """It is told so, and goes on when the first has ended."""
    told = []
    with build_lock(tmp_path, lambda: told.append(holder.stdin.close())):
        assert holder.wait() == 0
    assert len(told) == 1


def test_a_killed_build_holds_nothing(holder, tmp_path):
    """The system lets go for it; the file that stays means nothing."""
    holder.kill()
    holder.wait()
    told = []
    with build_lock(tmp_path, lambda: told.append("waits")):
        assert (tmp_path / "build.lock").exists()
    assert told == []


def test_a_folder_that_takes_no_file_is_named(tmp_path):
    """It is said before anything is built."""
    (tmp_path / "build.lock").mkdir()
    with pytest.raises(SinkError, match=r"build\.lock"), build_lock(tmp_path, lambda: None):
        pass
