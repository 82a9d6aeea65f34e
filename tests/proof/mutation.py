"""Which small faults in the code the tests do not notice.

``python tests/proof/mutation.py --sample 200 --seed 7 --jobs 2 --out tests/proof/mutation.md``
puts one fault at a time into a private copy of the checkout, a mutant, and runs the tests that
guard the changed file. A mutant is killed when they fail or hang; one that survives shows a line
that no test holds, or a change that makes no difference. A person marks the latter in
``mutation_equivalent.txt``: ``file | source line | changed to | why it changes nothing``.
"""

from __future__ import annotations

import argparse
import os
import platform
import queue
import random
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING

CHECKOUT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(CHECKOUT))

from tests.proof.mutants import Mutant, mutants  # noqa: E402  where a script finds it

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOP = tuple(
    f"tests/edgecrack/test_{name}.py"
    for name in (
        *("pipeline", "detector", "stop_signal", "meter", "rates", "report", "carry_out"),
        *("config", "run_opening"),
    )
)
TARGETS = {  # the first pattern that fits a file counts; a guard that does not exist is left out
    "edgecrack/storage/*.py": ("tests/edgecrack/storage", "tests/edgecrack/sinks"),
    "edgecrack/sinks/*.py": ("edgecrack/sinks", "tests/edgecrack/sinks", "tests/edgecrack/storage"),
    "edgecrack/run.py": (*_LOOP, "tests/edgecrack/test_run.py"),
    "edgecrack/run_record.py": _LOOP,
    "edgecrack/pipeline.py": _LOOP,
    "edgecrack/detector.py": _LOOP,
    "edgecrack/stop_signal.py": _LOOP,
    "edgecrack/meter.py": _LOOP,
    "edgecrack/rates.py": _LOOP,
    "edgecrack/report.py": (*_LOOP, "tests/edgecrack/commands/test_tables.py"),
    "edgecrack/bundle.py": (
        *("edgecrack/bundle.py", "tests/edgecrack/test_bundle*.py", "tests/edgecrack/models"),
        "tests/export/test_bundle_files.py",
    ),
    "edgecrack/manifest.py": ("tests/edgecrack/test_bundle.py", "tests/edgecrack/models"),
    "edgecrack/models/selftest.py": ("tests/edgecrack/models", "tests/export/test_bundle_files.py"),
    "export/*.py": ("export", "tests/export/test_[!m]*.py", "tests/export/test_main.py"),
}
"""Which files are mutated -> the tests that guard them, fastest first."""

COPIED = ("tests", "edgecrack", "training", "export", "deploy", "configs", "pyproject.toml")
EQUIVALENT = Path(__file__).with_name("mutation_equivalent.txt")
MOST_BYTES = 6 * 2**30  # of memory: a mutant may fill a list for ever


class Tree:
    """A private copy of the checkout, with the shared data beside it."""

    def __init__(self, folder: Path) -> None:
        """Copy what the tests need."""
        self.path, self.output = folder / "main", folder / "output.txt"
        self._scratch = folder / "tmp"
        self.path.mkdir(parents=True)
        for name in COPIED:
            copy = shutil.copytree if (CHECKOUT / name).is_dir() else shutil.copy2
            copy(CHECKOUT / name, self.path / name)
        for cache in self.path.rglob("__pycache__"):
            shutil.rmtree(cache)
        self._environment = {
            **os.environ,
            "PYTHONPATH": str(self.path),
            # Compiled files are told apart by whole seconds and size, too coarse for a mutant.
            "PYTHONDONTWRITEBYTECODE": "1",
            "TMPDIR": str(self._scratch),
            "HYPOTHESIS_STORAGE_DIRECTORY": str(self._scratch / "hypothesis"),
        }
        shared = CHECKOUT.parent / "shared"
        if shared.is_dir():
            (folder / "shared").symlink_to(shared.resolve())
            self._environment["EDGECRACK_DATA"] = str(shared.resolve() / "data")

    def test(self, guards: list[str], limit_s: float | None = None) -> str:
        """Return "passed", "failed" or "timed out"; end everything the tests started."""
        shutil.rmtree(self._scratch, ignore_errors=True)
        self._scratch.mkdir()
        options = ("-x", "-q", "-p", "no:cacheprovider", "--no-header", "--hypothesis-seed=0")
        with self.output.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "pytest", *options, *guards],
                cwd=self.path, env=self._environment, stdin=subprocess.DEVNULL, stdout=output,
                stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip
        for limit, most in ((resource.RLIMIT_DATA, MOST_BYTES), (resource.RLIMIT_FSIZE, 2**30)):
            resource.prlimit(process.pid, limit, (most, most))
        try:
            return "failed" if process.wait(limit_s) else "passed"
        except subprocess.TimeoutExpired:
            return "timed out"
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def test_mutant(self, mutant: Mutant, guards: list[str], limit_s: float) -> str:
        """Return what the tests say of a mutant; the file is restored afterwards."""
        file = self.path / mutant.file
        file.write_bytes(mutant.text)
        try:
            return self.test(guards, limit_s)
        finally:
            shutil.copy2(CHECKOUT / mutant.file, file)


@dataclass(slots=True)
class Tally:
    """What became of the mutants of one target."""

    guards: list[str]
    all: list[Mutant]
    sample: list[Mutant] = field(default_factory=list)
    limit_s: float = 0.0
    killed: int = 0
    survivors: list[Mutant] = field(default_factory=list)


def targets(only: str, again: Path | None) -> dict[str, Tally]:
    """Return every target with the mutants that are asked for."""
    rows = [] if again is None else again.read_text(encoding="utf-8").splitlines()
    tallies, taken = {}, set()
    for pattern, guards in TARGETS.items():
        made = []
        for path in sorted({*CHECKOUT.glob(pattern)} - taken):
            taken.add(path)
            file = path.relative_to(CHECKOUT).as_posix()
            known = [row for row in rows if row.startswith(f"| {file}:")]
            made += [
                mutant
                for mutant in (mutants(file, path.read_bytes()) if file.startswith(only) else [])
                if again is None or any(f"| {mutant.cells} |" in row for row in known)
            ]
        if made:
            there = (sorted(CHECKOUT.glob(guard)) for guard in guards)
            names = [path.relative_to(CHECKOUT).as_posix() for paths in there for path in paths]
            tallies[pattern] = Tally(list(dict.fromkeys(names)), made)
    return tallies


def draw(tallies: dict[str, Tally], size: int, seed: int) -> None:
    """Draw a sample from each target, in proportion to its number of mutants."""
    total = sum(len(tally.all) for tally in tallies.values())
    size = min(size, total)
    shares = {name: divmod(len(tally.all) * size, total) for name, tally in tallies.items()}
    left = size - sum(whole for whole, _ in shares.values())
    favoured = sorted(shares, key=lambda name: -shares[name][1])[:left]
    for name, tally in tallies.items():
        count = shares[name][0] + (name in favoured)
        chosen = random.Random(f"{seed} {name}").sample(range(len(tally.all)), count)
        tally.sample = [tally.all[index] for index in sorted(chosen)]


def check_unchanged(tallies: dict[str, Tally], tree: Tree) -> None:
    """Run the guards of each target on the code as it is, and set their time limits.

    Raises:
        SystemExit: They do not pass, so they could not tell a mutant.
    """
    for name, tally in tallies.items():
        if not tally.sample:
            continue
        began_s = time.monotonic()
        if not tally.guards or tree.test(tally.guards) != "passed":
            output = tree.output.read_text(errors="replace") if tally.guards else "there are none"
            raise SystemExit(f"{output[-3000:]}\nthe tests for {name} must pass before any mutant")
        took_s = time.monotonic() - began_s
        tally.limit_s = 3 * took_s + 20
        sys.stderr.write(f"{name}: unchanged, the tests pass in {took_s:.0f} s\n")


def run(tallies: dict[str, Tally], trees: list[Tree]) -> Iterator[None]:
    """Run the sample, one mutant in each tree at a time; yield after every outcome."""
    free: queue.SimpleQueue[Tree] = queue.SimpleQueue()
    for tree in trees:
        free.put(tree)

    def judge(work: tuple[Tally, Mutant]) -> tuple[str, float]:
        (tally, mutant), tree, began_s = work, free.get(), time.monotonic()
        try:
            outcome = tree.test_mutant(mutant, tally.guards, tally.limit_s)
            return outcome, time.monotonic() - began_s
        finally:
            free.put(tree)

    work = [(tally, mutant) for tally in tallies.values() for mutant in tally.sample]
    with ThreadPoolExecutor(len(trees)) as pool:
        outcomes = zip(work, pool.map(judge, work), strict=True)
        for number, ((tally, mutant), (outcome, took_s)) in enumerate(outcomes, 1):
            if outcome == "passed":
                tally.survivors.append(mutant)
            else:
                tally.killed += 1
            sys.stderr.write(f"{number}/{len(work)} tests {outcome} in {took_s:.0f} s: {mutant}\n")
            yield


def table(tallies: dict[str, Tally], heading: str) -> str:
    """Return the outcome so far as Markdown."""
    marked = EQUIVALENT.read_text(encoding="utf-8").splitlines() if EQUIVALENT.exists() else []
    lines, survivors, sums = [], [], [0] * 5
    for name, tally in tallies.items():
        equivalent = 0
        for mutant in tally.survivors:
            reasons = [line[len(mutant.key) :] for line in marked if line.startswith(mutant.key)]
            equivalent += bool(reasons)
            verdict = f"equivalent: {reasons[0]}" if reasons else ""
            survivors.append(f"| {mutant.file}:{mutant.line} | {mutant.cells} | {verdict} |")
        survived = len(tally.survivors) - equivalent
        counts = len(tally.all), tally.killed + len(tally.survivors), tally.killed, survived
        sums = [total + count for total, count in zip(sums, (*counts, equivalent), strict=True)]
        lines.append(_row(f"`{name}`", *counts, equivalent))
    return "\n".join(
        [
            *(heading, "", "| target | mutants | run | killed | survived | equivalent |"),
            *("|---|---|---|---|---|---|", *lines, _row("all", *sums), "", "## Survivors", ""),
            *("| place | source line | changed to | verdict |", "|---|---|---|---|", *survivors),
            "",
        ]
    )


def _row(*cells: object) -> str:
    return f"| {' | '.join(map(str, cells))} |"


def _heading() -> str:
    def git(*words: str) -> str:
        return subprocess.check_output(["git", *words], cwd=CHECKOUT, text=True).strip()

    changed = ", with uncommitted changes" if git("status", "--porcelain", "--", "*.py") else ""
    day = datetime.now(timezone.utc).date()
    machine = f"{platform.system()} {platform.machine()}, {len(os.sched_getaffinity(0))} cores"
    return (
        f"# Mutation testing\n\n{day}, commit {git('rev-parse', '--short', 'HEAD')}{changed}, "
        f"{machine}; `python tests/proof/mutation.py {shlex.join(sys.argv[1:])}`.\n\n"
        "A mutant is the code with one small fault. It is killed when the tests that guard the "
        "file fail or hang;\none that survives and is not equivalent shows a line no test holds."
    )


def main() -> None:
    """Read the command line, draw, run, and keep the table current."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sample", type=int, default=200, help="how many mutants to run")
    parser.add_argument("--seed", type=int, default=7, help="which ones are drawn")
    parser.add_argument("--jobs", type=int, default=2, help="how many run at the same time")
    parser.add_argument("--only", default="", help="only files whose path begins so")
    parser.add_argument("--again", type=Path, help="only the survivors of an earlier table")
    parser.add_argument("--list", action="store_true", help="print the mutants and run none")
    parser.add_argument("--survivors", type=Path, help="also list survivors here, to be marked")
    parser.add_argument("--out", type=Path, help="where the table goes, else standard output")
    options = parser.parse_args()
    tallies = targets(options.only, options.again)
    draw(tallies, options.sample if options.again is None else 10**9, options.seed)
    if options.list:
        drawn = [str(mutant) for tally in tallies.values() for mutant in tally.sample]
        sys.stdout.writelines(f"{line}\n" for line in drawn)
        return
    heading = _heading()
    with tempfile.TemporaryDirectory(prefix="mutation-") as folder:
        trees = [Tree(Path(folder) / str(number)) for number in range(options.jobs)]
        check_unchanged(tallies, trees[0])
        for _ in run(tallies, trees):  # written each time: what has run survives an interruption
            if options.out:
                options.out.write_text(table(tallies, heading), encoding="utf-8")
            if options.survivors:
                keys = [mutant.key for tally in tallies.values() for mutant in tally.survivors]
                options.survivors.write_text("".join(f"{key}\n" for key in keys), encoding="utf-8")
    if not options.out:
        sys.stdout.write(table(tallies, heading))


if __name__ == "__main__":
    main()
