"""``edgecrack-deploy`` as a person runs it: a process, its words and its exit code."""

import subprocess
import sys

import pytest


def run(*arguments: str):
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "deploy", *arguments], capture_output=True, text=True, check=False
    )


def test_setup_runs_the_script_that_ships():
    """``setup --dry-run`` says what the script says."""
    done = run("setup", "--dry-run")
    assert done.returncode == 0, done.stderr
    assert "setup: already here: " in done.stdout
    assert "libimage-exiftool-perl" not in done.stdout


def test_setup_passes_its_options_on():
    """``setup --with-tests`` asks for what the tests need."""
    assert "libimage-exiftool-perl" in run("setup", "--with-tests", "--dry-run").stdout


def test_link_says_what_it_linked():
    """``link`` names each package and where it really lies."""
    done = run("link")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("gi -> /")


@pytest.mark.parametrize("python", ["/bin/true", "/nowhere/python3"])
def test_an_error_is_one_sentence_and_an_exit_code(python):
    """A wrong interpreter ends with 78 and one line, not a traceback."""
    done = run("link", "--system-python", python)
    assert done.returncode == 78
    assert done.stderr.startswith("edgecrack-deploy: ")
    assert done.stderr.count("\n") == 1


def test_version_is_that_of_the_distribution():
    """``--version`` names the distribution's version."""
    assert run("--version").stdout == "edgecrack-deploy 0.1.0\n"


def test_an_unknown_command_is_a_usage_error():
    """What does not exist ends with 2."""
    assert run("agent").returncode == 2
