"""Every input that is kept, a few new ones for each target, and the fuzzer itself."""

import re
import subprocess
import sys
from random import Random

import pytest

from tests.fuzz import corpus
from tests.fuzz.campaign import fuzz
from tests.fuzz.limits import HangError, time_limit
from tests.fuzz.mutation import Mutator
from tests.fuzz.note import noted, watch
from tests.fuzz.target import NAMES, Target, load

SECONDS = 0.2  # for each target


@pytest.mark.parametrize("name", NAMES)
def test_nothing_that_is_kept_breaks_anything(name):
    """Each kept input, among them all that ever broke something, and a few that nobody has seen."""
    target = load(name)
    known = [*target.seeds(), *corpus.kept(name)]
    campaign = fuzz(target, known, SECONDS, Random().randrange(2**32))
    for failure in campaign.failures.values():
        path = corpus.keep(name, failure.kind, failure.data)
        pytest.fail(f"{failure.trace}\nrepeat it: python -m tests.fuzz {name} --try {path}")
    assert campaign.executions >= len(known)


def test_what_is_kept_is_small():
    """All targets together; a clone should not grow by what machines have found."""
    folders = map(corpus.folder_of, NAMES)
    sizes = [path.stat().st_size for folder in folders for path in folder.iterdir()]
    assert sum(sizes) <= corpus.MOST_BYTES


def test_a_planted_crash_is_found():
    """A fault behind two bytes, of which the first alone is noticed by its outcome."""

    def check(data):
        if b"$" in data:
            assert b"*" not in data, "planted"
            return "half way"
        return "far"

    campaign = fuzz(Target(check, tokens=(b"$", b"*")), [b"abc"], 60.0, seed=1, most_failures=1)
    failure = next(iter(campaign.failures.values()))
    assert failure.kind == "crash"
    assert "planted" in failure.trace
    assert {b"$", b"*"} <= {bytes([byte]) for byte in failure.data}


def test_a_planted_hang_is_found():
    """What never ends is ended, noted, and the next input is tried."""

    def check(data):
        while data.startswith(b"a"):
            pass

    campaign = fuzz(Target(check, cpu_s=0.1), [b"abc", b"b"], 0.0, seed=1)
    (failure,) = campaign.failures.values()
    assert (failure.kind, failure.data) == ("hang", b"abc")
    assert "0.1 s of processor time" in failure.trace
    assert campaign.executions == 2


def test_what_waits_is_ended_as_well():
    """Waiting takes no processor time: the clock on the wall ends it."""
    reader = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    with reader, pytest.raises(HangError, match=r"^0\.1 s$"), time_limit(60.0, wall_s=0.1):
        reader.wait()
    assert reader.returncode is not None


def test_an_input_that_reaches_a_new_line_is_kept():
    """The way through the code is noticed, not only what comes out."""
    target = load("nmea")
    campaign = fuzz(target, [b"$GPRMC*4B"], 1.0, seed=1)
    assert campaign.new


def test_the_same_seed_makes_the_same_inputs():
    """So that a campaign can be repeated."""

    def made():
        mutator = Mutator(Random(3), (b"token",), most_bytes=100)
        return [mutator.mutate(b"some bytes 17\nand more", b"other") for _ in range(200)]

    first = made()
    assert first == made()
    assert len(set(first)) > 150
    assert max(map(len, first)) <= 100


@pytest.mark.parametrize(
    ("last_words", "death"), [("os.abort()", "crash: .* -6"), ("signal.pause()", "hang: .* 3 s")]
)
def test_an_input_that_ends_or_hangs_the_process_is_known(tmp_path, last_words, death):
    """Where no Python is left to catch anything, the process beside it has the input."""
    program = (
        "import os, pathlib, resource, signal; from tests.fuzz.note import Note\n"
        "resource.setrlimit(resource.RLIMIT_CORE, (0, 0))\n"
        f"Note(pathlib.Path({str(tmp_path / 'note')!r}), 100).write(b'deadly'); {last_words}"
    )
    assert re.match(death, watch([sys.executable, "-c", program], 3.0))
    assert noted(tmp_path / "note") == b"deadly"
