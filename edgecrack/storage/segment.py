"""A segment: the folder of a part of a run, which is closed, sealed, and never changed again.

A unit that runs for weeks does not write one folder for weeks. It begins a new one from time to
time; what is in the others can be sent home and deleted. ``seal.json`` lists what a closed segment
holds, with a digest of each file, so that whoever receives it can tell whether it is whole.
"""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import asdict, astuple, dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.disk import Digest
from edgecrack.storage.replace_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from edgecrack.storage.disk import Disk

SEAL, UPLOADED = "seal.json", "uploaded.json"
"""The list of a closed segment's files, and the proof that all of them have arrived elsewhere."""

_SCHEMA = 1
_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Repairs:
    """What was repaired in a segment that nobody had closed: the power went, or the process died.

    Attributes:
        torn_bytes: Bytes of lines that were not whole, cut off.
        lines_cut: How many such lines there were.
        unfinished_files: Files removed that never came to have their name.
    """

    torn_bytes: int = 0
    lines_cut: int = 0
    unfinished_files: int = 0


@dataclass(frozen=True, slots=True)
class Seal:
    """``seal.json``: what a closed segment holds.

    Attributes:
        files: Each file by its path within the segment, with size and digest; not the seal itself.
        repairs: What was repaired before it was sealed; None where it was closed in order.
        order: Larger than that of every segment sealed before it: clocks, and so the names of
            segments, may be wrong.
    """

    files: Mapping[str, Digest]
    repairs: Repairs | None = None
    order: int = 0

    @property
    def size_bytes(self) -> int:
        """All files together."""
        return sum(digest.size_bytes for digest in self.files.values())

    @property
    def sha256(self) -> str:
        """A digest of the whole: of the lines ``digest  path``, as ``sha256sum`` prints them."""
        lines = (f"{digest.sha256}  {path}\n" for path, digest in sorted(self.files.items()))
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def to_json(self) -> bytes:
        """Return the file's content."""
        value = {
            "schema": _SCHEMA,
            "order": self.order,
            "sha256": self.sha256,
            "size_bytes": self.size_bytes,
            "repairs": self.repairs and asdict(self.repairs),
            "files": {path: asdict(digest) for path, digest in sorted(self.files.items())},
        }
        return json.dumps(value, indent=1).encode() + b"\n"

    @classmethod
    def from_json(cls, content: bytes) -> Seal:
        """Read a file's content.

        Raises:
            ValueError: It is no seal, contradicts itself, or names a file outside of its segment.
        """
        try:
            value = json.loads(content)
            files = {path: Digest(**digest) for path, digest in value["files"].items()}
            repairs = None if value["repairs"] is None else Repairs(**value["repairs"])
            seal = cls(files, repairs, value["order"])
            stated = (value["schema"], value["sha256"], value["size_bytes"])
            is_consistent = stated == (_SCHEMA, seal.sha256, seal.size_bytes)
            is_consistent &= _is_of_its_kinds(seal)
        except (AttributeError, KeyError, RecursionError, TypeError, ValueError) as error:
            raise ValueError(f"no seal of a segment: {error}") from error
        if not is_consistent:
            raise ValueError("no seal of a segment: its digest, size or schema is another")
        if not all(map(_is_within, files)):
            raise ValueError("no seal of a segment: it names a file outside of it")
        return seal


def seal(disk: Disk, folder: Path, repairs: Repairs | None = None, order: int = 0) -> Seal:
    """List and digest what a closed segment holds; durable on return.

    Args:
        disk: What keeps it.
        folder: The segment.
        repairs: What was repaired before; None where it was closed in order.
        order: Larger than that of every segment sealed before.

    Raises:
        SinkError: The disk is full or broken; the segment is as it was.
    """
    files = {
        path.relative_to(folder).as_posix(): disk.digest(path)
        for path in files_of(disk, folder)
        if path.name not in {SEAL, UPLOADED}
    }
    made = Seal(files, repairs, order)
    replace_file(disk, folder / SEAL, made.to_json())
    return made


def read_seal(disk: Disk, folder: Path) -> Seal | None:
    """Return the seal of a segment, or None where it has none that can be read."""
    try:
        return Seal.from_json(disk.read(folder / SEAL))
    except (SinkError, ValueError):
        return None


def misfits(disk: Disk, folder: Path) -> list[str]:
    """Return what of a sealed segment is not as its seal says, as sentences; empty for nothing.

    Raises:
        SinkError: A file cannot be read.
    """
    sealed = read_seal(disk, folder)
    if sealed is None:
        return [f"{folder.name} has no seal that can be read"]
    there = {path.relative_to(folder).as_posix() for path in files_of(disk, folder)}
    there -= {SEAL, UPLOADED}
    found = [f"{path} is missing" for path in sorted(sealed.files.keys() - there)]
    found += [f"{path} is not in the seal" for path in sorted(there - sealed.files.keys())]
    for path in sorted(sealed.files.keys() & there):
        if disk.digest(folder / path) != sealed.files[path]:
            found.append(f"{path} has changed")
    return found


def files_of(disk: Disk, folder: Path) -> Iterator[Path]:
    """Yield every file below a folder."""
    for name in disk.names(folder):
        path = folder / name
        if disk.is_folder(path):
            yield from files_of(disk, path)
        else:
            yield path


def _is_of_its_kinds(seal: Seal) -> bool:
    """Tell whether numbers are counts, and digests digests: whoever reads a seal computes with it.

    JSON has numbers that are no counts, such as -1, 0.5, 1e999 and ``true``.
    """
    counts = [seal.order, *(digest.size_bytes for digest in seal.files.values())]
    if seal.repairs is not None:
        counts += astuple(seal.repairs)
    return all(type(count) is int and count >= 0 for count in counts) and all(
        isinstance(digest.sha256, str) and _SHA256.fullmatch(digest.sha256)
        for digest in seal.files.values()
    )


def _is_within(path: str) -> bool:
    parts = PurePosixPath(path)
    is_name = bool(parts.parts) and "\0" not in path
    return is_name and not parts.is_absolute() and ".." not in parts.parts
