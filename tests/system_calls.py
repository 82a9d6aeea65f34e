"""Which files a program changes, and which sockets it opens, as the kernel sees it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

# `?`: arm64 has only some of them.
_NAMES = (
    "socket",
    *("?open", "openat", "?openat2", "?creat", "truncate", "?mkdir", "mkdirat", "?mknod"),
    *("mknodat", "?rename", "?renameat", "renameat2", "?link", "linkat", "?symlink", "symlinkat"),
    *("?unlink", "unlinkat", "?rmdir"),
)
_CALL = re.compile(r"(?P<name>\w+)\((?P<arguments>.*)\) += (?P<answer>-?\d+)")
_PATH = re.compile(r'(?:(?:AT_FDCWD|\d+)(?:<(?P<folder>[^>]*)>)?, )?"(?P<name>[^"]*)"')
_READING = re.compile(r"openat?2?\((?!.*O_(?:CREAT|WRONLY|RDWR|TRUNC|TMPFILE))")
# Neither leaves this machine: over the first the kernel tells of cameras, over the second a name
# service is asked for the user's name.
_LOCAL = re.compile("NETLINK_KOBJECT_UEVENT|AF_UNIX")


@dataclass(frozen=True, slots=True)
class SystemCalls:
    """What one program and its children asked of the kernel, with success.

    Attributes:
        sockets: Each socket that could reach another machine, as strace writes the call.
        changed: Each path that was created, opened for writing, renamed or removed.
    """

    sockets: tuple[str, ...]
    changed: frozenset[Path]

    def changed_outside(self, *folders: Path) -> set[Path]:
        """Return what was changed outside these folders and the kernel's own.

        GStreamer's ORC keeps the machine code it makes in a file that it removes at once.
        """
        allowed = (*folders, Path("/dev"), Path("/proc"))
        outside = {path for path in self.changed if not any(map(path.is_relative_to, allowed))}
        return {path for path in outside if not path.name.startswith("orcexec.")}


def strace(folder: Path) -> tuple[str, ...]:
    """Return what to put in front of a command to have its calls written to a folder."""
    how = ("-ff", "--seccomp-bpf", "-qq", "-y", "-s", "4096", "-e", f"trace={','.join(_NAMES)}")
    return ("strace", *how, "-o", str(folder / "thread"))


def read_calls(folder: Path, started_in: Path) -> SystemCalls:
    """Read what `strace` wrote.

    Args:
        folder: Where to.
        started_in: Working directory of the program.
    """
    lines = [line for file in folder.iterdir() for line in file.read_text().splitlines()]
    calls = [found for line in lines if (found := _CALL.match(line)) and found["answer"] != "-1"]
    sockets = tuple(call[0] for call in calls if call["name"] == "socket")
    changes = (call for call in calls if call["name"] != "socket" and not _READING.match(call[0]))
    return SystemCalls(
        tuple(socket for socket in sockets if not _LOCAL.search(socket)),
        frozenset(path for call in changes for path in _paths(call["arguments"], started_in)),
    )


def _paths(arguments: str, started_in: Path) -> list[Path]:
    return [
        started_in / (found["folder"] or "") / found["name"] for found in _PATH.finditer(arguments)
    ]
