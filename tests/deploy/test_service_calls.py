"""The unit's filter of system calls against the calls that a real run makes."""

import re
import subprocess
from pathlib import Path

import pytest

UNIT = Path(__file__).resolve().parents[2] / "deploy" / "systemd" / "edgecrack.service"


def calls_of(name: str) -> set[str]:
    """Return the system calls of one of systemd's sets, with those of the sets inside."""
    listed = subprocess.run(
        ["systemd-analyze", "syscall-filter", name], capture_output=True, text=True, check=True
    ).stdout
    listed = listed.replace("\033[0m", "")  # systemd 255 ends colours that it never began
    entries = {line.strip() for line in listed.splitlines() if line.startswith("    ")}
    entries = {entry for entry in entries if not entry.startswith("#")}
    inner = [calls_of(entry) for entry in entries if entry.startswith("@")]
    return {entry for entry in entries if not entry.startswith("@")}.union(*inner)


@pytest.mark.slow
@pytest.mark.system_calls
def test_a_run_makes_no_call_that_the_unit_forbids(command, tiny_bundle, tmp_path):
    """A run with a picture, an overlay and a choice of backend needs but what is let through."""
    table = tmp_path / "calls"
    prefix = ("strace", "--follow-forks", "--summary-only", "--output", str(table))
    source = "test:?width=96&height=64&frames=8"
    how = ("--model", tiny_bundle, "--overlay", "--all-masks", "--out", tmp_path / "out", "--live",
           "--clock", "gate")  # fmt: skip
    ended = command("run", source, *how, prefix=prefix, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert ended.code == 0, ended.stderr
    made = set(re.findall(r"^ *[\d.]+ .* (\w+)$", table.read_text(), re.MULTILINE)) - {"total"}
    assert {"openat", "execve", "futex"} <= made
    (allowed,) = re.findall(r"^SystemCallFilter=(.*)$", UNIT.read_text(), re.MULTILINE)
    names = allowed.split()
    let_through = {name for name in names if not name.startswith("@")}
    let_through = let_through.union(*(calls_of(name) for name in names if name.startswith("@")))
    assert made - let_through == set()
    assert made & {"adjtimex", "clock_adjtime"}, "it asked about the clock"
