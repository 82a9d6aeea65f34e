"""The input that is being tried, noted where it outlives the process that tries it."""

from __future__ import annotations

import mmap
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

_HEAD_BYTES = 8


class Note:
    """A file that is mapped into memory: to write it is to copy, and no call of the system.

    Args:
        path: The file.
        most_bytes: Longest input.
    """

    def __init__(self, path: Path, most_bytes: int) -> None:
        path.write_bytes(bytes(_HEAD_BYTES + most_bytes))
        with path.open("r+b") as file:
            self._noted = mmap.mmap(file.fileno(), 0)

    def write(self, data: bytes) -> None:
        """Note an input in place of the last."""
        self._noted[:_HEAD_BYTES] = len(data).to_bytes(_HEAD_BYTES, "big")
        self._noted[_HEAD_BYTES : _HEAD_BYTES + len(data)] = data


def noted(path: Path) -> bytes:
    """Return the last input that was noted."""
    content = path.read_bytes()
    return content[_HEAD_BYTES:][: int.from_bytes(content[:_HEAD_BYTES], "big")]


def watch(command: Sequence[str], limit_s: float) -> str:
    """Run a command to its end; return how it died, or nothing where it ended with 0 or 1.

    Args:
        command: Program and arguments.
        limit_s: After so many seconds it is killed: it hangs where Python does not come to itself.
    """
    with subprocess.Popen(command) as process:
        try:
            code = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            return f"hang: the process was killed after {limit_s:g} s"
    return "" if code in {0, 1} else f"crash: the process ended with {code}"
