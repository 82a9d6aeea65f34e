"""Which segments are finished and not uploaded yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.storage.segment import SEAL, UPLOADED, read_seal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edgecrack.storage.disk import Digest, Disk


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A finished segment.

    Attributes:
        folder: Where it lies.
        files: All of it but the seal: path within the folder, with slashes -> digest.
        order: Larger than that of every segment sealed before it.
    """

    folder: Path
    files: Mapping[str, Digest]
    order: int = 0


def sealed_segments(disk: Disk, runs_folder: Path) -> list[SealedSegment]:
    """Return the finished segments in a folder that are not uploaded yet, oldest first.

    One whose seal cannot be read is left out: it is repaired and sealed anew by whoever writes.

    Raises:
        SinkError: The disk is broken.
    """
    segments = []
    for name in disk.names(runs_folder) if disk.is_folder(runs_folder) else ():
        folder = runs_folder / name
        if name.startswith(".") or not disk.is_folder(folder):
            continue
        names = disk.names(folder)
        if SEAL in names and UPLOADED not in names and (seal := read_seal(disk, folder)):
            segments.append(SealedSegment(folder, seal.files, seal.order))
    return sorted(segments, key=lambda segment: segment.order)
