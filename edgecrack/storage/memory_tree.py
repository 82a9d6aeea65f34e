"""Files and folders in memory, of which each knows what is durable: what `MemoryDisk` stands on."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random


class Unsynced(Enum):
    """What a power cut does to everything that was not synced."""

    LOST = "lost"
    NAMES_LEFT = "names left"  # without their bytes: the empty file after a rename
    LEFT = "left"
    BY_CHANCE = "by chance"  # each change of names, and any first part of each file's bytes

    def keeps_names(self, random: Random) -> bool:
        """Decide whether one change of names has reached the medium."""
        return self in {Unsynced.NAMES_LEFT, Unsynced.LEFT} or (
            self is Unsynced.BY_CHANCE and random.random() < 0.5
        )

    def bytes_kept(self, waiting_bytes: int, random: Random) -> int:
        """Decide how many of the bytes that waited have reached the medium."""
        if self is Unsynced.BY_CHANCE:
            return random.choice((0, waiting_bytes, random.randint(0, waiting_bytes)))
        return waiting_bytes if self is Unsynced.LEFT else 0


@dataclass(slots=True, eq=False)
class File:
    """A file.

    Attributes:
        content: What is read.
        durable: What a power cut leaves at least.
    """

    content: bytes = b""
    durable: bytes = b""

    def left(self, unsynced: Unsynced, random: Random) -> File:
        """Return the file that a power cut leaves."""
        start = len(self.durable)
        if not self.content.startswith(self.durable):  # written anew, not appended to
            if not unsynced.keeps_names(random):
                return File(self.durable, self.durable)
            start = 0
        kept = self.content[: start + unsynced.bytes_kept(len(self.content) - start, random)]
        return File(kept, kept)


@dataclass(slots=True, eq=False)
class Folder:
    """A folder.

    Attributes:
        entries: Names and what they stand for.
        durable: The same as a power cut would leave it at least.
    """

    entries: dict[str, Node] = field(default_factory=dict)
    durable: dict[str, Node] = field(default_factory=dict)

    def walk(self) -> Iterator[tuple[Path, Node]]:
        """Yield everything below, by relative path."""
        for name, node in self.entries.items():
            yield Path(name), node
            if isinstance(node, Folder):
                for path, below in node.walk():
                    yield name / path, below

    def left(self, happened: list[Change], unsynced: Unsynced, random: Random) -> Folder:
        """Return the folder that a power cut leaves when these changes have happened."""
        entries = dict(self.durable)
        for change in happened:
            change.apply({id(self): entries})
        left = {
            name: node.left(happened, unsynced, random)
            if isinstance(node, Folder)
            else node.left(unsynced, random)
            for name, node in entries.items()
        }
        return Folder(left, dict(left))


Node = File | Folder


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """Names that are given or taken at once: one, or two by a rename.

    Attributes:
        places: Folder, name, and what the name stands for from now on, if anything.
    """

    places: tuple[tuple[Folder, str, Node | None], ...]

    @property
    def keys(self) -> set[tuple[int, str]]:
        """What tells whether two changes are about the same name."""
        return {(id(folder), name) for folder, name, _ in self.places}

    @property
    def folders(self) -> set[int]:
        """The identities of the folders it changes."""
        return {id(folder) for folder, _, _ in self.places}

    def apply(self, entries: dict[int, dict[str, Node]]) -> None:
        """Change entries by the identity of their folder; folders that are not given stay."""
        for folder, name, node in self.places:
            names = entries.get(id(folder), {})
            names.pop(name, None)
            if node is not None:
                names[name] = node

    def make(self) -> None:
        """Change what is read."""
        self.apply({id(folder): folder.entries for folder, _, _ in self.places})

    def make_durable(self) -> None:
        """Change what a power cut leaves."""
        self.apply({id(folder): folder.durable for folder, _, _ in self.places})


def needed_by(folder: Folder, pending: list[Change]) -> list[Change]:
    """Return the changes in a folder, with the earlier ones of the same names elsewhere."""
    needed: list[Change] = []
    keys: set[tuple[int, str]] = set()
    for change in reversed(pending):
        if id(folder) in change.folders or change.keys & keys:
            needed.insert(0, change)
            keys |= change.keys
    return needed
