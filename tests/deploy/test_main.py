"""``edgecrack-deploy`` as a process: its output and its exit codes."""

import subprocess
import sys

import pytest


def run(*arguments: str):
    """Run the command line in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "deploy", *arguments], capture_output=True, text=True, check=False
    )


def test_setup_runs_the_script_that_ships():
    """``setup --dry-run`` prints the script's output."""
    ended = run("setup", "--dry-run")
    assert ended.returncode == 0, ended.stderr
    assert "setup: already here: " in ended.stdout
    assert "libimage-exiftool-perl" not in ended.stdout


def test_setup_passes_its_options_on():
    """``setup --with-tests`` asks for what the tests need."""
    assert "libimage-exiftool-perl" in run("setup", "--with-tests", "--dry-run").stdout


def test_setup_tells_what_a_jetson_needs():
    """``setup --jetson --dry-run`` names TensorRT's bindings, on a Jetson and elsewhere."""
    assert "python3-libnvinfer" in run("setup", "--jetson", "--dry-run").stdout


def test_link_prints_what_it_linked():
    """``link`` prints each package and the folder its link points to."""
    ended = run("link")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.startswith("gi -> /")


@pytest.mark.parametrize("python", ["/bin/true", "/nowhere/python3"])
def test_an_error_is_one_sentence_and_an_exit_code(python):
    """A wrong interpreter is named in one line, and the exit code is 78."""
    ended = run("link", "--system-python", python)
    assert ended.returncode == 78
    assert ended.stderr.startswith("edgecrack-deploy: ")
    assert ended.stderr.count("\n") == 1
    assert python in ended.stderr


def test_version_is_that_of_the_distribution():
    """``--version`` names the distribution's version."""
    assert run("--version").stdout == "edgecrack-deploy 0.1.0\n"


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ((), ["--version"]),
        (("setup",), ["--jetson", "--with-tests", "--dry-run"]),
        (("link",), ["--system-python"]),
    ],
)
def test_help_explains_each_option(command, options):
    """``--help`` lists every option of a command."""
    ended = run(*command, "--help")
    assert ended.returncode == 0
    assert [option for option in options if option not in ended.stdout] == []


def test_an_unknown_command_is_a_usage_error():
    """A command that does not exist ends with 2."""
    assert run("agent").returncode == 2
