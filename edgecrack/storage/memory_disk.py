"""A disk in memory that can lose its power, for tests of what writes results.

It is as unkind as POSIX allows. Of a file that was not synced any part may be left; each name
that was given, taken or moved may have been so on the medium or not, whatever came before or after
it; and what lies in a folder whose own name is lost is lost with it.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.disk import Digest
from edgecrack.storage.memory_tree import Change, File, Folder, Node, Unsynced, needed_by

if TYPE_CHECKING:
    from random import Random

_TIB = 1 << 40


class MemoryDisk:
    """Files in memory; see `Disk`.

    Example:
        >>> from random import Random
        >>> disk = MemoryDisk()
        >>> disk.write(Path("/a"), b"kept"); disk.sync(Path("/a")); disk.sync(Path("/"))
        >>> disk.write(Path("/b"), b"lost")
        >>> list(disk.after_power_cut(Random(0), Unsynced.LOST).files().values())
        [b'kept']

    Attributes:
        operations: How often it was asked to change or sync something.
        written_bytes: Bytes of files written so far.
        room_bytes: All bytes of all files that it takes; None is no limit.
    """

    def __init__(
        self, *, room_bytes: int | None = None, operations_left: int | None = None
    ) -> None:
        """Begin with an empty root folder.

        Args:
            room_bytes: See the attribute.
            operations_left: After so many the power is gone: nothing changes any more, and
                whatever is asked fails.
        """
        self.operations = self.written_bytes = 0
        self.room_bytes, self._most_operations = room_bytes, operations_left
        self._root = Folder()
        self._pending: list[Change] = []

    def is_folder(self, path: Path) -> bool:
        """See `Disk`."""
        return isinstance(self._node(path), Folder)

    def names(self, folder: Path) -> list[str]:
        """See `Disk`."""
        return sorted(self._folder(folder).entries)

    def make_folder(self, path: Path) -> None:
        """See `Disk`."""
        self._begin(path)
        if self._node(path) is not None:
            raise _failure(path, "File exists")
        self._set_names((path, Folder()))

    def read(self, path: Path) -> bytes:
        """See `Disk`."""
        node = self._node(path)
        if not isinstance(node, File):
            raise SinkError(f"{path} could not be read back (No such file)")
        return node.content

    def digest(self, path: Path) -> Digest:
        """See `Disk`."""
        return Digest.of(self.read(path))

    def free_bytes(self, folder: Path) -> int:
        """See `Disk`; without a limit of room there is a TiB."""
        self._folder(folder)
        used_bytes = sum(map(len, self.files().values()))
        return max(0, (_TIB if self.room_bytes is None else self.room_bytes) - used_bytes)

    def write(self, path: Path, data: bytes) -> None:
        """See `Disk`."""
        self._begin(path)
        file = self._file(path)
        if not self._has_room_for(len(data) - len(file.content)):
            self._set_names((path, None))
            raise _failure(path, "No space left on device")
        file.content = bytes(data)
        self.written_bytes += len(data)

    def append(self, path: Path, data: bytes) -> None:
        """See `Disk`."""
        self._begin(path)
        file = self._file(path)
        if not self._has_room_for(len(data)):
            raise _failure(path, "No space left on device")
        file.content += data
        self.written_bytes += len(data)

    def rename(self, source: Path, target: Path) -> None:
        """See `Disk`."""
        self._begin(target)
        node, replaced = self._node(source), self._node(target)
        if node is None or isinstance(replaced, Folder):
            raise _failure(target, "No such file" if node is None else "Is a directory")
        self._set_names((source, None), (target, node))

    def remove(self, path: Path) -> None:
        """See `Disk`."""
        self._begin(path)
        node = self._node(path)
        if isinstance(node, Folder) and node.entries:
            raise _failure(path, "Directory not empty")
        if node is not None:
            self._set_names((path, None))

    def sync(self, path: Path) -> None:
        """See `Disk`."""
        self._begin(path)
        node = self._node(path)
        if isinstance(node, File):
            node.durable = node.content
        else:
            self._sync_names(needed_by(self._folder(path), self._pending))

    def sync_all(self, folder: Path) -> None:
        """See `Disk`."""
        self._begin(folder)
        self._folder(folder)
        for _, node in self._root.walk():
            if isinstance(node, File):
                node.durable = node.content
        self._sync_names(self._pending)

    def close(self) -> None:
        """See `Disk`."""

    def files(self) -> dict[Path, bytes]:
        """Return all files and what they hold."""
        return {
            Path("/") / path: node.content
            for path, node in self._root.walk()
            if isinstance(node, File)
        }

    def after_power_cut(
        self,
        random: Random,
        unsynced: Unsynced = Unsynced.BY_CHANCE,
        *,
        operations_left: int | None = None,
    ) -> MemoryDisk:
        """Return the disk that is found when the power is back; this one stays as it is.

        Args:
            random: Decides where there is a choice.
            unsynced: What becomes of everything that was not synced.
            operations_left: After so many the power is gone again.
        """
        happened = [change for change in self._pending if unsynced.keeps_names(random)]
        disk = MemoryDisk(operations_left=operations_left)
        disk._root = self._root.left(happened, unsynced, random)
        return disk

    def _begin(self, path: Path) -> None:
        if self.operations == self._most_operations:
            raise _failure(path, "No power")
        self.operations += 1

    def _node(self, path: Path) -> Node | None:
        node: Node | None = self._root
        for name in path.relative_to(path.anchor).parts:
            node = node.entries.get(name) if isinstance(node, Folder) else None
        return node

    def _folder(self, path: Path, wanted_for: Path | None = None) -> Folder:
        node = self._node(path)
        if not isinstance(node, Folder):
            raise _failure(
                wanted_for or path, "No such file" if node is None else "Not a directory"
            )
        return node

    def _file(self, path: Path) -> File:
        """Return the file of this name, made if it is missing."""
        node = self._node(path)
        if isinstance(node, Folder):
            raise _failure(path, "Is a directory")
        if node is None:
            node = File()
            self._set_names((path, node))
        return node

    def _has_room_for(self, more_bytes: int) -> bool:
        used_bytes = sum(map(len, self.files().values())) if self.room_bytes is not None else 0
        return self.room_bytes is None or used_bytes + more_bytes <= self.room_bytes

    def _set_names(self, *named: tuple[Path, Node | None]) -> None:
        """Give names, or take them away, at once and not durable yet."""
        change = Change(
            tuple((self._folder(path.parent, path), path.name, node) for path, node in named)
        )
        change.make()
        self._pending.append(change)

    def _sync_names(self, changes: list[Change]) -> None:
        for change in changes:
            change.make_durable()
        self._pending = [change for change in self._pending if change not in changes]


def _failure(path: Path, reason: str) -> SinkError:
    return SinkError(f"{path} could not be written ({reason})")
