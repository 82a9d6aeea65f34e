"""The machine that is looked at: its files below a root, its programs, its ports.

All that a check learns comes through here, so that tests can hand it the recorded files and answers
of a board that is not at hand.
"""

from __future__ import annotations

import os
import platform
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.clock import kernel
from edgecrack.doctor.packages import installed_packages

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_MOST_BYTES = 1 << 20


@dataclass(frozen=True, slots=True)
class Ended:
    """How a program ended.

    Attributes:
        stdout: What it printed.
        problem: Why that is not to be trusted: ``not installed``, ``no answer within 5 s``,
            ``ended with 1``; empty where it ended well.
    """

    stdout: str
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Space:
    """What a file system holds, in bytes."""

    free_bytes: int
    total_bytes: int


NOT_INSTALLED = "not installed"


def run_command(command: Sequence[str], patience_s: float) -> Ended:
    """Run a program without a terminal and wait for its end; it is killed with all it started.

    Args:
        command: Program and arguments.
        patience_s: How long it may take.
    """
    environment = {**os.environ, "LC_ALL": "C"}
    try:
        process = subprocess.Popen(  # noqa: S603  the programs are named in this package
            [*command], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, errors="replace", env=environment, start_new_session=True,
        )  # fmt: skip
    except OSError as error:
        missing = isinstance(error, FileNotFoundError)
        return Ended("", NOT_INSTALLED if missing else f"cannot be run ({error.strerror})")
    try:
        stdout, stderr = process.communicate(timeout=patience_s)
    except subprocess.TimeoutExpired:
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        return Ended("", f"no answer within {patience_s:g} s")
    if process.returncode == 0:
        return Ended(stdout)
    last = (stderr.strip().splitlines() or [""])[-1][:200]
    return Ended(stdout, f"ended with {process.returncode}{f' ({last})' if last else ''}")


def disk_space(folder: Path) -> Space:
    """Return what the file system of a folder holds for those who are not root."""
    found = os.statvfs(folder)
    return Space(found.f_bavail * found.f_frsize, found.f_blocks * found.f_frsize)


def kernel_clock() -> int | None:
    """Return the state of the kernel's clock, from adjtimex(2); 5 is not synchronised."""
    found = kernel.kernel_clock()
    return None if found is None else found.state


def may_use(device: Path) -> bool:
    """Whether this user may read and write a device."""
    return os.access(device, os.R_OK | os.W_OK)


def exists(path: Path) -> bool:
    """Whether a file or folder is there; not where this user may not know."""
    try:
        return path.exists()
    except OSError:
        return False


def nearest_existing(folder: Path) -> Path:
    """Return an absolute folder, or the nearest one above it that this user may see."""
    return next((each for each in (folder, *folder.parents) if exists(each)), Path("/"))


def has_module(name: str) -> bool:
    """Whether Python finds a top-level module; it is not imported."""
    return find_spec(name) is not None


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine to look at; the default one is this.

    Attributes:
        root: Where ``proc``, ``sys``, ``etc``, ``dev`` and ``var`` lie.
        run: Runs a program, as `run_command`.
        space: Says what a folder's file system holds.
        kernel_clock: Says the state of the kernel's clock, or None.
        now_s: Seconds since 1970.
        gpsd: Where gpsd listens.
        python: The first three numbers of Python's version.
        has_module: Says whether Python finds a module, without importing it.
        processor: Its kind, such as ``x86_64`` or ``aarch64``.
        may_use: Says whether this user may read and write a device.
    """

    root: Path = Path("/")
    run: Callable[[Sequence[str], float], Ended] = run_command
    space: Callable[[Path], Space] = disk_space
    kernel_clock: Callable[[], int | None] = kernel_clock
    now_s: Callable[[], float] = time.time
    gpsd: tuple[str, int] = ("127.0.0.1", 2947)
    python: tuple[int, int, int] = sys.version_info[:3]
    processor: str = platform.machine()
    has_module: Callable[[str], bool] = has_module
    may_use: Callable[[Path], bool] = may_use

    def path(self, name: str | Path) -> Path:
        """Return where a file of the machine lies, such as ``/etc/os-release``."""
        return self.root / str(name).lstrip("/")

    def text(self, name: str) -> str | None:
        """Return the stripped text of a file; None where there is none to be read.

        A NUL, as between the strings of a device tree, is a line's end here.
        """
        try:
            with self.path(name).open("rb") as file:
                data = file.read(_MOST_BYTES)
        except OSError:
            return None
        return data.decode("utf-8", "replace").replace("\0", "\n").strip() or None

    def files(self, folder: str, pattern: str) -> list[Path]:
        """Return the files of a folder that match, sorted; none where it cannot be listed."""
        try:
            return sorted(self.path(folder).glob(pattern))
        except OSError:
            return []

    def packages(self, prefix: str) -> dict[str, str]:
        """Return the installed Debian packages whose names begin so, with their versions."""
        found = installed_packages(self.path("/var/lib/dpkg/status"))
        return {name: version for name, version in found.items() if name.startswith(prefix)}
