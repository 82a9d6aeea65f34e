"""A unit that rolls is killed two hundred times at random moments, also while it starts."""

import platform
import random
import shutil
import subprocess
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.segment import misfits, read_seal
from tests.edgecrack.test_segment_run import command_line, records, segments

KILLS, MOST_UP_S, RESTART_WITHIN_S = 200, 4.0, 5.0
HEAD = """# Two hundred kills

{date}, {machine}, commit {commit}; `tests/proof/proof_kill.py`, which `make proof` runs.

A unit (`edgecrack run test:?... --live --roll-minutes 0.02 --min-crack-share 0 --all-masks`) is
started and killed with SIGKILL, {kills} times, each time up to {most_up_s:g} s after its start or
after its first new record. Before each kill all lines that can be read are noted. After the last
one it is started once more and stopped in order: every line that was ever read must be there, and
every segment as its seal says.

| | |
|---|--:|
| kills | {kills} |
| of them before the first record of that start | {early} |
| records noted before a kill | {seen:,} |
| noted but lost | {lost} |
| segments, all as their seals say | {segments:,} |
| of them repaired | {repaired:,} |
| lines cut because they were not whole | {lines_cut:,} |
| from the start to the first new record: median, longest | {median_s:.1f} s, {longest_s:.1f} s |
"""


def test_two_hundred_kills_lose_nothing(tmp_path, environment, tiny_bundle, capsys):
    """Every record that could be read before a kill is there in the end."""
    runs, seen, waits_s, early = tmp_path / "runs", set(), [], 0
    random.seed(1)
    for _ in range(KILLS):
        child, began_s = start(runs, environment, tiny_bundle), time.monotonic()
        if random.random() < 0.8:  # the others are killed while they start
            while not records(runs) - seen:
                wait(child, 0.02)
            waits_s.append(time.monotonic() - began_s)
        up_s = random.uniform(0, MOST_UP_S)
        wait(child, up_s)
        now = records(runs)
        early += not now - seen
        seen |= now
        child.kill()
        child.communicate()
    child = start(runs, environment, tiny_bundle)
    while not records(runs) - seen:
        wait(child, 0.1)
    child.terminate()
    child.communicate(timeout=60)
    report(tmp_path, seen, waits_s, early, capsys)
    assert seen <= records(runs)
    assert max(waits_s) < RESTART_WITHIN_S


def start(runs, environment, bundle) -> subprocess.Popen[str]:
    """Start a unit whose every frame is a record with pictures."""
    command = [*command_line(runs, bundle), "--min-crack-share", "0", "--all-masks"]
    return subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )


def wait(child, seconds) -> None:
    """Let time pass; the unit must not end by itself."""
    try:
        child.wait(seconds)
    except subprocess.TimeoutExpired:
        return
    raise AssertionError(f"it ended by itself: {child.stderr.read()}")


def report(tmp_path, seen, waits_s, early, capsys) -> None:
    """Check every segment, and write what was found."""
    runs, disk = tmp_path / "runs", LocalDisk()
    assert all(misfits(disk, folder) == [] for folder in segments(runs))
    repairs = [read_seal(disk, folder).repairs for folder in segments(runs)]
    git = subprocess.run(
        [shutil.which("git"), "rev-parse", "--short", "HEAD"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    text = HEAD.format(
        date=datetime.now(timezone.utc).date(),
        machine=f"{platform.system()} {platform.machine()}, Python {platform.python_version()}",
        commit=git.stdout.strip(), kills=KILLS, most_up_s=MOST_UP_S, early=early,
        seen=len(seen), lost=len(seen - records(runs)), segments=len(repairs),
        repaired=sum(each is not None for each in repairs),
        lines_cut=sum(each.lines_cut for each in repairs if each is not None),
        median_s=sorted(waits_s)[len(waits_s) // 2], longest_s=max(waits_s),
    )  # fmt: skip
    Path(__file__).with_name("kills.md").write_text(text, encoding="utf-8")
    with capsys.disabled():
        sys.stdout.write("\n" + text)
