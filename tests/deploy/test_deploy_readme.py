"""What the pages in deploy/ tell people to type exists: commands, options, targets and files."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from edgecrack.toml import read_toml

CHECKOUT = Path(__file__).resolve().parents[2]
README = (CHECKOUT / "deploy" / "README.md").read_text(encoding="utf-8")
UNATTENDED = (CHECKOUT / "deploy" / "unattended.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```sh\n(.*?)```", README + UNATTENDED, re.DOTALL)
PROGRAMS = {"edgecrack": "edgecrack", "edgecrack-deploy": "deploy"}


def commands() -> list[list[str]]:
    """Return every command as a list of words, without sudo and what it is told."""
    text = "".join(BLOCKS).replace("\\\n", " ")
    found = []
    for line in text.splitlines():
        for part in re.split(r"&&", line):
            words = shlex.split(part, comments=True)
            while words and (words[0] in {"sudo", "-u", "env"} or "=" in words[0]):
                words = words[2 if words[0] == "-u" else 1 :]
            found += [words] if words else []
    return found


def named(*programs: str) -> list[list[str]]:
    """Return the commands that start one of these programs."""
    return [words for words in commands() if words[0] in programs]


def options(words: list[str]) -> list[str]:
    """Return the long options of a command."""
    return [word.partition("=")[0] for word in words if word.startswith("--")]


def help_of(*command: str) -> str:
    """Return what a program says of itself."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, (command, done.stderr)
    return done.stdout


def test_a_board_is_set_up_in_ten_lines():
    """The first block leads from the box to a unit that runs, with one command a line."""
    lines = BLOCKS[0].splitlines()
    assert len(lines) <= 10
    assert lines[-2].startswith("sudo systemctl enable --now edgecrack")


@pytest.mark.slow
def test_our_own_commands_exist():
    """Each verb has its help, and each option stands in it."""
    for program, verb, *rest in named(*PROGRAMS):
        verbs = [verb] if not rest or rest[0].startswith("-") else [verb, rest[0]]
        told = help_of(sys.executable, "-m", PROGRAMS[program], *verbs, "--help")
        assert [option for option in options(rest) if option not in told] == []
    assert {words[0] for words in named(*PROGRAMS)} == {"edgecrack"}


def test_the_scripts_know_their_options():
    """Each option of setup.sh is in its help."""
    scripts = [words for words in commands() if words[0].endswith(".sh")]
    assert scripts
    for script, *rest in scripts:
        told = help_of(str(CHECKOUT / script), "--help")
        assert [option for option in options(rest) if option not in told] == []


def test_make_knows_its_targets():
    """Each target is one of the Makefile, and each extra one of the distribution."""
    makefile = (CHECKOUT / "Makefile").read_text()
    extras = read_toml(CHECKOUT / "pyproject.toml")["project"]["optional-dependencies"]
    made = named("make")
    assert made
    for _, target, *variables in made:
        assert re.search(rf"^{target}:.*##", makefile, re.MULTILINE)
        for variable in variables:
            name, _, value = variable.partition("=")
            assert name == "EXTRA"
            assert value in extras


@pytest.mark.parametrize("program", ["systemctl", "journalctl"])
def test_systemd_knows_its_options(program):
    """The tools of systemd list each option, and the unit is ours."""
    told = help_of(program, "--help")
    used = named(program)
    assert used
    for words in used:
        assert [option for option in options(words) if option not in told] == []
        assert "edgecrack" in words


def test_the_folders_are_those_of_the_package():
    """Each place in the table is one that the package or its unit makes."""
    rows = dict(re.findall(r"^\| `(/[^`]+)` \| .* \| (.*) \|$", README, re.MULTILINE))
    assert list(rows) == [
        "/opt/edgecrack", "/etc/edgecrack/unit.toml", "/var/lib/edgecrack/runs",
        "/var/cache/edgecrack",
    ]  # fmt: skip
    assert 'runs_folder = "runs"' in (CHECKOUT / "configs" / "unit.toml").read_text()


def test_the_files_that_it_names_are_there():
    """Scripts, the Dockerfile and the page of the proof exist."""
    paths = set(re.findall(r"\b((?:deploy|tests)/[\w./-]+\w)", README + UNATTENDED))
    assert {"deploy/Dockerfile", "deploy/setup.sh"} <= paths
    assert [path for path in sorted(paths) if not (CHECKOUT / path).is_file()] == []
