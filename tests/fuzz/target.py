"""What is fuzzed: one target a file, ``target_NAME.py``, each a function of bytes."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from edgecrack.errors import EdgecrackError

FOLDER = Path(__file__).parent
NAMES = sorted(path.stem.removeprefix("target_") for path in FOLDER.glob("target_*.py"))

_MOST_CHARACTERS = 1000


def told(error: EdgecrackError, *codes: int) -> str:
    """Hold against an error what each promises, one line and its exit code; return the line."""
    text = str(error)
    assert "\n" not in text, text
    assert len(text) <= _MOST_CHARACTERS
    assert error.exit_code in codes
    return text


def _as_it_is(data: bytes) -> bytes:
    return data


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that reads what it cannot trust.

    Attributes:
        check: Feeds it the bytes. Only what it should not do may escape: any error that is not
            designed, an `AssertionError` where it says something that cannot be. What it returns
            names the kind of outcome, roughly: an input with a new outcome is kept.
        seeds: Makes inputs that are well formed; more lie in the corpus.
        tokens: Pieces that the format is made of, or that readers of it stumble over.
        mend: Makes right what chance never would, such as a checksum.
        most_bytes: Longest input that is tried.
        is_traced: Whether an input that reaches new lines of Python is kept.
        cpu_s: Processor time that no input may take.
    """

    check: Callable[[bytes], Hashable]
    seeds: Callable[[], list[bytes]] = list
    tokens: tuple[bytes, ...] = ()
    mend: Callable[[bytes], bytes] = _as_it_is
    most_bytes: int = 1 << 16
    is_traced: bool = True
    cpu_s: float = 5.0


def load(name: str) -> Target:
    """Return the target of a name in ``NAMES``."""
    target: Target = importlib.import_module(f"tests.fuzz.target_{name}").TARGET
    return target
