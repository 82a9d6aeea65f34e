"""Fuzz one target: ``python -m tests.fuzz TARGET --seconds N --seed S``.

The target runs in a process of its own: what ends that process, or hangs it outside of Python, is
found as well. An input that breaks something is written to ``corpus/TARGET/``.
"""

from __future__ import annotations

import argparse
import json
import logging
import sys
import tempfile
from pathlib import Path

from tests.fuzz import corpus
from tests.fuzz.campaign import Campaign, fuzz
from tests.fuzz.limits import WALL_S, bound_memory
from tests.fuzz.note import Note, noted, watch
from tests.fuzz.target import NAMES, load


def main() -> int:
    """Run one target; return 1 if an input broke something."""
    options = _options()
    if options.try_file is not None:
        load(options.target).check(options.try_file.read_bytes())
        return 0
    if options.note is not None:
        return _fuzz_here(options)
    with tempfile.TemporaryDirectory() as folder:
        note = Path(folder) / "note"
        command = [sys.executable, "-m", "tests.fuzz", *sys.argv[1:], "--note", str(note)]
        death = watch(command, options.seconds + 5 * WALL_S)
        if death:
            _say_how_to_repeat(options.target, death.partition(":")[0], noted(note), death)
            return 1
        account = json.loads(note.with_suffix(".json").read_bytes())
    sys.stdout.write(f"{json.dumps(account)}\n")
    return 1 if account["crashes"] + account["hangs"] else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=NAMES)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--keep", action="store_true", help="keep what reaches new lines")
    parser.add_argument("--try", dest="try_file", type=Path, help="try one file, and no more")
    parser.add_argument("--note", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _fuzz_here(options: argparse.Namespace) -> int:
    """Fuzz in this process, noting each input before it is tried."""
    logging.disable()
    target, name = load(options.target), options.target
    known = [*target.seeds(), *corpus.kept(name)]
    note = Note(options.note, max(target.most_bytes, *map(len, known)))
    bound_memory()
    campaign = fuzz(target, known, options.seconds, options.seed, note.write)
    for failure in campaign.failures.values():
        _say_how_to_repeat(name, failure.kind, failure.data, failure.trace)
    if options.keep:
        corpus.keep_new(name, campaign.new)
    options.note.with_suffix(".json").write_text(json.dumps(_account(name, campaign)))
    return 0


def _say_how_to_repeat(name: str, kind: str, data: bytes, why: str) -> None:
    path = corpus.keep(name, kind, data)
    sys.stdout.write(f"{why}\nrepeat it: python -m tests.fuzz {name} --try {path}\n")
    sys.stdout.flush()


def _account(name: str, campaign: Campaign) -> dict[str, object]:
    return {
        "target": name,
        "executions": campaign.executions,
        "seconds": round(campaign.seconds, 1),
        "cpu_s": round(campaign.cpu_s, 1),
        "per_cpu_s": round(campaign.executions / campaign.cpu_s),
        "new_entries": len(campaign.new),
        "worst_cpu_ms": round(campaign.worst_cpu_s * 1000, 1),
        "crashes": campaign.count("crash"),
        "hangs": campaign.count("hang"),
    }


if __name__ == "__main__":
    sys.exit(main())
