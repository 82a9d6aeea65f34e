"""Tries inputs on a target for a while, and says what came of it."""

from __future__ import annotations

import time
import traceback
from dataclasses import dataclass, field
from random import Random
from typing import TYPE_CHECKING

from tests.fuzz.limits import HangError, time_limit
from tests.fuzz.mutation import Mutator
from tests.fuzz.reached import ReachedLines

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Sequence

    from tests.fuzz.target import Target

_MEND_SHARE = 0.8  # of the inputs: the others stay as damaged as they are
_FIRST, _FIRST_SHARE = 4, 0.4  # of the inputs are made of the first few: those are well formed


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that broke something.

    Attributes:
        data: The input.
        kind: ``crash``, or ``hang``.
        why: The error, and where in the code it was raised.
        trace: The whole account of it.
    """

    data: bytes
    kind: str
    why: str
    trace: str


@dataclass(slots=True)
class Campaign:
    """What came of it so far.

    Attributes:
        executions: Inputs tried.
        entries: Inputs that others are made of.
        new: Those of them that were found.
        failures: The first input of each failure.
        worst_cpu_s: Most processor time that an input took.
        seconds: How long it lasted.
        cpu_s: Processor time that it took: less, where the machine was busy or it waited.
    """

    executions: int = 0
    entries: list[bytes] = field(default_factory=list)
    new: list[bytes] = field(default_factory=list)
    failures: dict[str, Failure] = field(default_factory=dict)
    worst_cpu_s: float = 0.0
    seconds: float = 0.0
    cpu_s: float = 0.0

    def count(self, kind: str) -> int:
        """Return how many failures of a kind were found."""
        return sum(failure.kind == kind for failure in self.failures.values())


def fuzz(
    target: Target,
    known: Sequence[bytes],
    seconds: float,
    seed: int,
    about_to_try: Callable[[bytes], None] = lambda _data: None,
    most_failures: int = 20,
) -> Campaign:
    """Try all known inputs once, then changed ones until the time is over.

    Args:
        target: What to try them on.
        known: Inputs to begin with.
        seconds: How long to go on behind the known ones.
        seed: The same seed tries the same inputs, as far as it comes.
        about_to_try: Told of each input before it is tried.
        most_failures: Ends after so many.
    """
    campaign, lines, outcomes = Campaign(), ReachedLines(), set[object]()

    def is_new(data: bytes) -> bool:
        reached, known_outcomes = len(lines), len(outcomes)
        about_to_try(data)
        outcomes.add(_tried(target, data, campaign, lines if target.is_traced else None))
        return len(lines) > reached or len(outcomes) > known_outcomes

    began_s, began_cpu_s = time.monotonic(), time.process_time()
    for data in known:
        is_new(data)
        campaign.entries.append(data)
    random = Random(seed)
    mutator = Mutator(random, target.tokens, target.most_bytes)
    until_s = time.monotonic() + seconds
    while time.monotonic() < until_s and len(campaign.failures) < most_failures:
        well_formed = campaign.entries[:_FIRST]
        among = well_formed if random.random() < _FIRST_SHARE else campaign.entries
        data = mutator.mutate(random.choice(among), random.choice(campaign.entries))
        if random.random() < _MEND_SHARE:
            data = target.mend(data)[: target.most_bytes]
        if is_new(data):
            campaign.entries.append(data)
            campaign.new.append(data)
    campaign.seconds = time.monotonic() - began_s
    campaign.cpu_s = time.process_time() - began_cpu_s
    return campaign


def _tried(
    target: Target, data: bytes, campaign: Campaign, lines: ReachedLines | None
) -> Hashable | None:
    """Try one input, and note what it broke; return the kind of outcome."""
    campaign.executions += 1
    began_s = time.process_time()
    try:
        with time_limit(target.cpu_s):
            if lines is None:
                return target.check(data)
            with lines.watching():
                return target.check(data)
    except (Exception, HangError) as error:  # noqa: BLE001  whatever escapes is what is looked for
        failure = _failure(data, error)
        campaign.failures.setdefault(failure.why, failure)
        return failure.why
    finally:
        campaign.worst_cpu_s = max(campaign.worst_cpu_s, time.process_time() - began_s)


def _failure(data: bytes, error: BaseException) -> Failure:
    frames = traceback.extract_tb(error.__traceback__)
    ours = [frame for frame in frames if "/fuzz/campaign" not in frame.filename]
    last = next((frame for frame in reversed(ours) if "/edgecrack/" in frame.filename), ours[-1])
    kind = "hang" if isinstance(error, HangError) else "crash"
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    why = f"{type(error).__name__} at {where}"
    return Failure(data, kind, why, "".join(traceback.format_exception(error))[-4000:])
