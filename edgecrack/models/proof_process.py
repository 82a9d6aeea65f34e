"""The proof of a bundle in a process of its own, beside a unit that runs.

A process and not a thread, because what it took it gives back as a whole, a network that crashes
its library takes no unit along, and only a process can be put behind the one that surveys: it is
given what processor that leaves, the kernel ends it first where memory runs out, and it ends with
the unit. A GPU knows no such order: an engine that is built there slows the unit down.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.child_process import child_command
from edgecrack.errors import EdgecrackError, NotHealthyError
from edgecrack.models.swap_proof import Proved, Question, prove

if TYPE_CHECKING:
    from collections.abc import Iterator

PROVED_WITHIN_S = 1800.0
"""How long all of it may take: TensorRT builds an engine for each size, some minutes each."""

_NICE = 10
"""Beside a loop that takes every core this is a tenth of one; at 19 it would hardly get on."""

_FIRST_TO_GO = "1000"  # of all processes, where memory runs out


class ProofProcess:
    """Proves one bundle after the other, each in a new process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._is_over = False

    def prove(self, question: Question) -> Proved:
        """Return what the proof came to.

        Raises:
            EdgecrackError: The bundle is refused, or no process can be had.
        """
        ours, theirs = multiprocessing.Pipe()
        with ours:
            with theirs, _ctrl_c_blocked():
                process = self._started(theirs)
            try:
                return _outcome(ours, question, process)
            finally:
                process.kill()
                process.wait()

    def close(self) -> None:
        """End what is being proved, and prove no more; safe to call twice."""
        with self._lock:
            self._is_over = True
            if self._process is not None:
                self._process.kill()

    def _started(self, theirs: Connection) -> subprocess.Popen[bytes]:
        command = child_command("edgecrack.models.proof_process", str(theirs.fileno()))
        with self._lock:
            if self._is_over:
                raise NotHealthyError("the run ends; ask the next one")
            try:
                self._process = subprocess.Popen(  # noqa: S603  our own module
                    command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                )  # fmt: skip
            except OSError as error:
                raise NotHealthyError(
                    f"a process must prove the bundle, and none can be started: {error}"
                ) from error
            with suppress(OSError):  # it has ended already
                os.setpriority(os.PRIO_PROCESS, self._process.pid, _NICE)
            return self._process


def _outcome(ours: Connection, question: Question, process: subprocess.Popen[bytes]) -> Proved:
    try:
        ours.send(question)
        if not ours.poll(PROVED_WITHIN_S):
            raise NotHealthyError(
                f"bundle {question.path} must be proved within {PROVED_WITHIN_S:g} s, and was not; "
                "use a smaller one"
            )
        outcome = ours.recv()
    except (EOFError, OSError) as error:
        raise NotHealthyError(
            f"the proof of bundle {question.path} must come to an end, but its process ended with "
            f"{process.wait()}: it ran out of memory, or a library failed on it; use another bundle"
        ) from error
    if isinstance(outcome, EdgecrackError):
        raise outcome
    assert isinstance(outcome, Proved)  # noqa: S101  for mypy
    return outcome


@contextmanager
def _ctrl_c_blocked() -> Iterator[None]:
    """Block Ctrl-C, for the process that is started too: it reaches the unit, which ends that."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _end_with(unit: Connection) -> None:
    """Wait for the end of the unit, which says nothing more, and end this process at once."""
    with suppress(EOFError, OSError):
        unit.recv()
    os.kill(os.getpid(), signal.SIGKILL)


def _answer(unit: Connection) -> None:
    with suppress(OSError):  # where /proc is not to be written
        Path("/proc/self/oom_score_adj").write_text(_FIRST_TO_GO)
    question = unit.recv()
    threading.Thread(target=_end_with, args=(unit,), daemon=True).start()
    try:
        unit.send(prove(question))
    except EdgecrackError as error:
        unit.send(error)


if __name__ == "__main__":
    _answer(Connection(int(sys.argv[1])))
