"""Where results are written: the few things a disk is asked for, and the real one.

Writing makes nothing durable: after a power cut, bytes and names may be there or not, in any
combination, until ``sync`` or ``sync_all`` has returned. Whatever writes results states its order
in these calls, and `MemoryDisk` is the disk on which tests cut the power between any two of them.

``sync_all`` is one ``syncfs``. One of these per interval stands for an ``fsync`` per file: its
cost depends on the bytes waiting and not on the number of files, which on a memory card is the
difference between one flush and hundreds. Since Linux 5.8 it also reports what failed in the
background.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from edgecrack.errors import SinkError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_PART_BYTES = 1 << 20
_LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Digest:
    """What tells a file from every other.

    Attributes:
        size_bytes: Its length.
        sha256: Its SHA-256, in hexadecimal.
    """

    size_bytes: int
    sha256: str

    @classmethod
    def of(cls, data: bytes) -> Digest:
        """Return the digest of bytes in memory."""
        return cls(len(data), hashlib.sha256(data).hexdigest())


class Disk(Protocol):
    """Files and folders by their paths. Every failure is a `SinkError` that names the path.

    Attributes:
        written_bytes: Bytes of files written so far.
    """

    written_bytes: int

    def is_folder(self, path: Path) -> bool:
        """Whether there is a folder of this name."""

    def names(self, folder: Path) -> list[str]:
        """Return what a folder holds, sorted."""

    def make_folder(self, path: Path) -> None:
        """Make a folder. Of two callers one wins; the other, as where there is a file, fails."""

    def read(self, path: Path) -> bytes:
        """Return what a file holds."""

    def digest(self, path: Path) -> Digest:
        """Return the size and the SHA-256 of a file, without holding it in memory."""

    def free_bytes(self, folder: Path) -> int:
        """Return the room that is left on the file system that a folder is on."""

    def write(self, path: Path, data: bytes) -> None:
        """Write a whole file, in place of an earlier one; on failure nothing of it is left."""

    def append(self, path: Path, data: bytes) -> None:
        """Add to the end of a file, which is made if missing: all of ``data`` or, failing, none."""

    def rename(self, source: Path, target: Path) -> None:
        """Give a file or folder another name at once; an earlier file of that name is replaced."""

    def remove(self, path: Path) -> None:
        """Remove a file or an empty folder; what is not there needs no removing."""

    def sync(self, path: Path) -> None:
        """Make durable the bytes of a file, or the names within a folder."""

    def sync_all(self, folder: Path) -> None:
        """Make durable everything written so far to the file system that a folder is on.

        A failure to write anything since the first call is reported too, and only once: after a
        failed sync a second one proves nothing.
        """

    def close(self) -> None:
        """Let go of open files without syncing; safe to call twice, and the disk stays usable."""


class LocalDisk:
    """The file systems of this machine.

    Descriptors of what is appended to stay open until ``close``, which spares opening the file
    for every line, and tells of bytes that the kernel failed to write in between.
    """

    def __init__(self) -> None:
        self._open: dict[Path, int] = {}
        self.written_bytes = 0

    def is_folder(self, path: Path) -> bool:
        """See `Disk`."""
        with _writing(path):
            return path.is_dir()

    def names(self, folder: Path) -> list[str]:
        """See `Disk`."""
        with _writing(folder):
            return sorted(entry.name for entry in folder.iterdir())

    def make_folder(self, path: Path) -> None:
        """See `Disk`."""
        with _writing(path):
            path.mkdir()

    def read(self, path: Path) -> bytes:
        """See `Disk`."""
        with _reading(path):
            return path.read_bytes()

    def digest(self, path: Path) -> Digest:
        """See `Disk`."""
        sha256, size_bytes = hashlib.sha256(), 0
        with _reading(path), path.open("rb", buffering=0) as file:
            while part := file.read(_PART_BYTES):
                sha256.update(part)
                size_bytes += len(part)
        return Digest(size_bytes, sha256.hexdigest())

    def free_bytes(self, folder: Path) -> int:
        """See `Disk`."""
        with _reading(folder):
            room = os.statvfs(folder)
            return room.f_bavail * room.f_frsize

    def write(self, path: Path, data: bytes) -> None:
        """See `Disk`."""
        with _writing(path), path.open("wb", buffering=0) as file:
            try:
                _write_all(file.fileno(), data)
            except BaseException:  # also Ctrl-C
                path.unlink()
                raise
        self.written_bytes += len(data)

    def append(self, path: Path, data: bytes) -> None:
        """See `Disk`."""
        with _writing(path):
            flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
            descriptor = self._descriptor(path, flags)
            whole_bytes = os.fstat(descriptor).st_size
            try:
                _write_all(descriptor, data)
            except BaseException:
                os.ftruncate(descriptor, whole_bytes)
                raise
        self.written_bytes += len(data)

    def rename(self, source: Path, target: Path) -> None:
        """See `Disk`."""
        with _writing(target):
            source.rename(target)
            self._forget(source)
            self._forget(target)

    def remove(self, path: Path) -> None:
        """See `Disk`."""
        with _writing(path):
            if path.is_dir():
                path.rmdir()
            else:
                path.unlink(missing_ok=True)
            self._forget(path)

    def sync(self, path: Path) -> None:
        """See `Disk`."""
        with _writing(path):
            if path in self._open:
                os.fsync(self._open[path])
                return
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)

    def sync_all(self, folder: Path) -> None:
        """See `Disk`."""
        with _writing(folder):
            if _LIBC.syncfs(self._descriptor(folder, os.O_RDONLY | os.O_DIRECTORY)) != 0:
                number = ctypes.get_errno()
                raise OSError(number, os.strerror(number))

    def close(self) -> None:
        """See `Disk`."""
        for path in list(self._open):
            self._forget(path)

    def _descriptor(self, path: Path, flags: int) -> int:
        if path not in self._open:
            self._open[path] = os.open(path, flags | os.O_CLOEXEC, 0o644)
        return self._open[path]

    def _forget(self, path: Path) -> None:
        descriptor = self._open.pop(path, None)
        if descriptor is not None:
            os.close(descriptor)


def _write_all(descriptor: int, data: bytes) -> None:
    written = 0
    while written < len(data):  # a full disk takes a part first, and refuses the rest
        written += os.write(descriptor, data[written:])


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    """Turn a failure of the operating system into a `SinkError` about ``path``."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise SinkError(f"{path} could not be read back ({reason}); check the disk") from error


@contextmanager
def _writing(path: Path) -> Iterator[None]:
    """Turn a failure of the operating system into a `SinkError` about ``path``."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or error
        raise SinkError(
            f"{path} could not be written ({reason}); make room or choose another --out, "
            "what was acknowledged before is whole"
        ) from error
