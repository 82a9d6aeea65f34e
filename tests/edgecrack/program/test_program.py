"""How a program ends, whatever it raises."""

import resource
import subprocess
import sys

import pytest

from edgecrack.errors import EdgecrackError, SinkError
from edgecrack.program import run_program
from edgecrack.program.open_files import NEEDED, require_open_files


def ending(error, capsys, **options):
    """Return exit code and stderr of a program that raises this."""

    def app():
        raise error

    with pytest.raises(SystemExit) as caught:
        run_program("edgecrack-x", app, **options)
    return caught.value.code, capsys.readouterr().err


def test_an_error_of_ours_is_one_line_and_its_code(capsys):
    """What was foreseen is told in a sentence, with the code of its class."""
    assert ending(SinkError("the disk is full"), capsys) == (74, "edgecrack-x: the disk is full\n")


def test_ctrl_c_is_130(capsys):
    """Whoever stops a program knows that; only what is news is told."""
    assert ending(KeyboardInterrupt(), capsys) == (130, "")
    code, told = ending(KeyboardInterrupt(), capsys, if_interrupted="go on with --resume")
    assert (code, told) == (130, "edgecrack-x: go on with --resume\n")


def test_a_fault_of_our_own_is_70_and_shows_where(capsys):
    """One sentence that asks for a report, the traceback below it, and never 1."""
    code, told = ending(ZeroDivisionError("a fault"), capsys)
    first, *rest = told.splitlines()
    assert code == 70
    assert first.startswith("edgecrack-x: ")
    assert "ZeroDivisionError" in first
    assert rest[0].startswith("Traceback")
    assert rest[-1] == "ZeroDivisionError: a fault"


def test_a_fault_of_our_own_shows_no_password(capsys):
    """The traceback of an error that quotes an address is without its secrets too."""
    _code, told = ending(ValueError("cannot open rtsp://joe:secret@camera/1"), capsys)
    assert "rtsp://***@camera/1" in told
    assert "secret" not in told


@pytest.mark.parametrize("package", ["edgecrack", "training", "export", "deploy"])
def test_a_wrong_command_line_shows_no_password(environment, package):
    """An address where none belongs is repeated without its secrets."""
    verb = {"edgecrack": "demo", "training": "config", "export": "verify", "deploy": "setup"}
    command = [sys.executable, "-m", package, verb[package], "a", "b"]
    done = subprocess.run(
        [*command, "rtsp://joe:secret@camera/1"],
        env=environment | {"COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert "rtsp://***@camera/1" in done.stderr
    assert "secret" not in done.stderr


@pytest.mark.parametrize("package", ["edgecrack", "training", "export", "deploy"])
def test_every_program_ends_that_way(environment, package):
    """A fault in any of the four ends with 70."""
    program = f"import {package}.__main__ as m; m.app = lambda: 1 / 0; m.main()"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 70, done.stderr
    assert done.stderr.splitlines()[-1].startswith("ZeroDivisionError")


@pytest.fixture
def limits():
    """Give the limits of open files back after a test."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield before
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_a_low_limit_of_open_files_is_raised(limits):
    """Where the system allows more than the shell gives, nobody has to care."""
    _, hard = limits
    resource.setrlimit(resource.RLIMIT_NOFILE, (NEEDED - 1, hard))
    require_open_files()
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (NEEDED, hard)
    require_open_files(NEEDED - 1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == (NEEDED, hard)


def test_more_open_files_than_allowed_are_an_error(limits):
    """What cannot be raised is refused."""
    _, hard = limits
    with pytest.raises(EdgecrackError):
        require_open_files(hard + 1)
    assert resource.getrlimit(resource.RLIMIT_NOFILE) == limits


@pytest.mark.parametrize("most", [16, 24])
@pytest.mark.parametrize("verb", ["run", "selftest"])
def test_too_few_open_files_are_told_in_a_sentence(command, tiny_bundle, tmp_path, most, verb):
    """Under ulimit -n 24 and below: 70, no traceback, nothing is left behind."""
    prefix = ("prlimit", f"--nofile={most}:{most}")
    rest = ("test:?frames=3", "--out", tmp_path / "out") if verb == "run" else (tiny_bundle,)
    command(verb, *rest, prefix=prefix).refused(70, "ulimit -n")
    assert not (tmp_path / "out").exists()
