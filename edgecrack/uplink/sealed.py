"""Which segments are finished and not uploaded yet, and what one of them holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.disk import Digest
from edgecrack.storage.segment import SEAL, UPLOADED, Seal, read_seal

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edgecrack.storage.disk import Disk

_NAME_DIGITS = 12


class DamagedSegmentError(ValueError):
    """A segment is no longer what its seal says, or cannot be read."""


@dataclass(frozen=True, slots=True)
class SealedSegment:
    """A finished segment.

    Attributes:
        folder: Where it lies.
        files: All of it but the seal: path within the folder, with slashes -> digest.
        seal: Digest of its ``seal.json``.
    """

    folder: Path
    files: Mapping[str, Digest]
    seal: Digest

    @property
    def name(self) -> str:
        """What it is called in the store, and no other segment ever: by its folder and its seal.

        The folder is named by a clock that may be wrong, so that its name can come again once it
        was deleted.
        """
        return f"{self.folder.name}-{self.seal.sha256[:_NAME_DIGITS]}"


class SealedSegments:
    """The finished segments in a folder that are not uploaded yet.

    Of each no more than its place in the order is kept in memory: a seal names thousands of files.

    Args:
        disk: What keeps them.
        runs_folder: Where they are; need not exist.
    """

    def __init__(self, disk: Disk, runs_folder: Path) -> None:
        self._disk, self._folder = disk, runs_folder
        self._orders: dict[str, int] = {}

    def pending(self) -> list[Path]:
        """Return their folders, oldest first; a seal is read only where it is new.

        One whose seal cannot be read is left out: it is repaired and sealed anew by whoever writes.

        Raises:
            SinkError: The disk is broken.
        """
        names = self._disk.names(self._folder) if self._disk.is_folder(self._folder) else []
        orders = {name: self._order(name) for name in names if not name.startswith(".")}
        self._orders = {name: order for name, order in orders.items() if order is not None}
        return [self._folder / name for name in sorted(self._orders, key=self._orders.__getitem__)]

    def read(self, folder: Path) -> SealedSegment:
        """Return what one of them holds.

        Raises:
            DamagedSegmentError: Its seal cannot be read any more.
        """
        try:
            content = self._disk.read(folder / SEAL)
            return SealedSegment(folder, Seal.from_json(content).files, Digest.of(content))
        except (SinkError, ValueError) as error:
            raise DamagedSegmentError(f"{folder.name} has no seal that can be read") from error

    def _order(self, name: str) -> int | None:
        """Return the order of a segment; None for what is none, or is not to be uploaded."""
        folder = self._folder / name
        try:
            held = self._disk.names(folder) if self._disk.is_folder(folder) else []
        except SinkError:  # deleted meanwhile; what is broken, whoever writes tells of
            return None
        if SEAL not in held or UPLOADED in held:
            return None
        if name in self._orders:
            return self._orders[name]
        seal = read_seal(self._disk, folder)
        return None if seal is None else seal.order
