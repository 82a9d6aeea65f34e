"""Each fuzzer for ten minutes, or for as many seconds as FUZZ_SECONDS says."""

import json
import os
import subprocess
import sys
from datetime import datetime, timezone
from pathlib import Path

import pytest

from tests.fuzz import corpus
from tests.fuzz.target import NAMES

CHECKOUT = Path(__file__).resolve().parents[2]
OUT = Path(__file__).with_name("fuzz.md")
SECONDS = float(os.environ.get("FUZZ_SECONDS", "600"))
SEED = int(os.environ.get("FUZZ_SEED", "1"))
HEAD = """# Fuzzing what the unit reads

{date}, commit {commit}, 2 cores of an Intel Xeon; `tests/proof/proof_fuzz.py`, which `make proof`
runs.

Each target for {seconds:g} s, seed {seed}, in a process of its own; how, and what counts as a
failure, is in `tests/fuzz/README.md`. The processor time is what the machine had left for it.

| target | executions | seconds | CPU seconds | worst input | new | crashes | hangs | corpus |
|---|--:|--:|--:|--:|--:|--:|--:|--:|
"""
ROW = (
    "| {target} | {executions:,} | {seconds:g} | {cpu_s:g} | {worst_cpu_ms:.0f} ms "
    "| {new_entries} | {crashes} | {hangs} | {files} files, {kilobytes:.0f} kB |\n"
)


@pytest.fixture(scope="module")
def accounts():
    """What came of each target; written down in the end."""
    accounts = {}
    yield accounts
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True,
        check=True,
    ).stdout.strip()  # fmt: skip
    date = f"{datetime.now(timezone.utc):%Y-%m-%d}"
    text = HEAD.format(date=date, commit=commit, seconds=SECONDS, seed=SEED)
    OUT.write_text(text + "".join(ROW.format(**account) for account in accounts.values()))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_breaks(name, accounts):
    """Neither an error that is not designed, nor a hang, nor a process that dies."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz", name, "--seconds", str(SECONDS), "--seed", str(SEED)],
        cwd=CHECKOUT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    sizes = [path.stat().st_size for path in corpus.folder_of(name).iterdir()]
    account = json.loads(done.stdout.splitlines()[-1])
    accounts[name] = account | {"files": len(sizes), "kilobytes": sum(sizes) / 1000}
    assert done.returncode == 0, done.stdout + done.stderr
