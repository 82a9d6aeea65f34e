"""A process that edgecrack starts runs edgecrack, whatever lies in the current folder."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import edgecrack
from edgecrack.bench.apart import apart
from edgecrack.child_process import child_command
from edgecrack.doctor.machine import Machine
from edgecrack.doctor.probe import ask
from edgecrack.errors import EdgecrackError, UsageError

LIES = (
    *("edgecrack/__init__.py", "edgecrack/doctor/__init__.py", "edgecrack/doctor/probe.py"),
    *("edgecrack/bench/__init__.py", "edgecrack/bench/apart.py", "json.py", "multiprocessing.py"),
    *("pickle.py", "runpy.py", "sitecustomize.py", "usercustomize.py"),
)
LIE = "import sys\nsys.stdout.write('a lie ' + __name__)\nsys.stdout.flush()\nsys.exit(9)\n"
CHECKOUT = Path(edgecrack.__file__).parents[1]


@pytest.fixture
def lies(tmp_path, monkeypatch):
    """Go into a folder whose modules bear the names of ours and of Python's."""
    for name in LIES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(LIE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend("")  # as after `python -c`
    monkeypatch.syspath_prepend(tmp_path)  # as after `python -m`


def where():
    """Return the folder that this process imports from first, and where edgecrack lies."""
    return sys.path[0], edgecrack.__file__


def refuse():
    """Raise an error of ours."""
    raise UsageError("not so")


def end():
    """End this process without an answer."""
    sys.exit(7)


@pytest.mark.usefixtures("lies")
def test_the_doctors_probe_is_ours():
    """It would else be whatever the folder holds, run as root by sudo."""
    answer = ask(Machine(), "library", "numpy", patience_s=60)
    assert answer.problem == ""
    assert answer.values["version"][0].isdigit()


@pytest.mark.usefixtures("lies")
def test_what_runs_apart_is_ours(tmp_path):
    """Every measurement and every build of the first hour."""
    first, own = apart("looking", where)
    assert Path(first).resolve() != tmp_path.resolve()
    assert Path(own).parents[1] == CHECKOUT


def test_errors_and_ends_come_back_from_what_runs_apart():
    """An error of ours is raised here; a process without an answer is told by how it ended."""
    with pytest.raises(UsageError, match="not so"):
        apart("refusing", refuse)
    with pytest.raises(EdgecrackError, match=r"ending must come to an end.*ended with 7"):
        apart("ending", end)


def test_a_program_of_the_current_folder_starts_itself(monkeypatch):
    """In a checkout that is not installed, the current folder is where edgecrack lies."""
    monkeypatch.chdir(CHECKOUT)
    monkeypatch.setattr(sys, "path", ["", *(p for p in sys.path if p and Path(p) != CHECKOUT)])
    assert told_by_a_child()["edgecrack"] == edgecrack.__file__


def test_arguments_come_through_as_they_are():
    """As behind ``python -m``: spaces, quotes and dashes are no one's business."""
    arguments = ["a b", "--version", "'\"", ""]
    assert told_by_a_child(*arguments)["arguments"] == arguments


def told_by_a_child(*arguments):
    """Return what this module tells when it is the program."""
    command = child_command("tests.edgecrack.test_child_process", *arguments)
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(ended.stdout)


if __name__ == "__main__":
    sys.stdout.write(json.dumps({"arguments": sys.argv[1:], "edgecrack": edgecrack.__file__}))
