"""The folder of one run: claimed once, never shared, never overwritten."""

from __future__ import annotations

import contextlib
import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from edgecrack.storage.disk import Disk

RESERVE_BYTES = 256 * 1024
"""Room for the last files of a run: two, each written beside an earlier one, of 64 KiB clusters."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that belongs to this run alone. Get one from ``create``.

    Attributes:
        path: The folder itself.
        disk: What writes into it.
    """

    path: Path
    disk: Disk

    @property
    def masks(self) -> Path:
        """Where masks go."""
        return self.path / "masks"

    @property
    def frames(self) -> Path:
        """Where evidence pictures go; absent when none are kept."""
        return self.path / "frames"

    @property
    def _reserve(self) -> Path:
        return self.path / ".reserve"

    @classmethod
    def create(cls, path: Path, disk: Disk) -> RunFolder:
        """Make the folder, or take an empty one; durable on return. Of two runs one wins.

        Raises:
            SinkError: It is a file, holds anything already, or cannot be written.
        """
        make_folders(disk, path)
        folder = cls(path, disk)
        folder._claim()
        return folder

    @classmethod
    def create_in(cls, parent: Path, name: str, disk: Disk) -> RunFolder:
        """Make a new folder in another one, with a number behind its name where that is taken.

        No clock has to be right for that: two runs of one second get two folders.

        Raises:
            SinkError: It cannot be written.
        """
        make_folders(disk, parent)
        for number in itertools.count(1):
            path = parent / (name if number == 1 else f"{name}-{number:03d}")
            try:
                disk.make_folder(path)
            except SinkError:
                if path.name not in disk.names(parent):
                    raise
            else:
                break
        disk.sync(parent)
        folder = cls(path, disk)
        folder._claim()
        return folder

    def write_json(self, name: str, mapping: Mapping[str, object]) -> None:
        """Write or replace one JSON file, such as ``run.json``: always whole, durable on return.

        Args:
            name: File name within the folder.
            mapping: JSON values only; NaN and infinity are refused, as JSON has neither.

        Raises:
            SinkError: The disk is full or broken; an earlier version of the file is untouched.
            ValueError: A number is not finite.
        """
        text = json.dumps(mapping, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
        # A name that is no UTF-8 becomes the JSON escapes of its bytes.
        replace_file(self.disk, self.path / name, text.encode("utf-8", "backslashreplace"))

    def reserve(self) -> None:
        """Take the room that the last files will need, so that a full disk cannot prevent them.

        Raises:
            SinkError: The disk is too full for that already, or broken.
        """
        self.disk.write(self._reserve, bytes(RESERVE_BYTES))
        self.disk.sync(self._reserve)

    def free_reserve(self) -> None:
        """Give the room back, before the last files are written."""
        with contextlib.suppress(SinkError):
            self.disk.remove(self._reserve)

    def discard_if_empty(self) -> None:
        """Take the folder back when nothing came to be in it, so that it may be used again."""
        with contextlib.suppress(SinkError):  # not empty: there is something to keep
            self.disk.remove(self.masks)
            self.disk.remove(self.path)

    def _claim(self) -> None:
        """Take an empty folder by making the one of masks, which lets only one caller win."""
        names = self.disk.names(self.path)
        if not names:
            try:
                self.disk.make_folder(self.masks)
            except SinkError:
                if not self.disk.is_folder(self.masks):  # else another run was faster
                    raise
            else:
                self.disk.sync(self.path)
                return
        is_run = not names or {"masks", "run.json", "cracks.geojsonl"} & {*names}
        raise SinkError(
            f"{self.path} should be a new or empty folder but holds "
            f"{'a run' if is_run else names[0]}; choose another --out, nothing is ever overwritten"
        )
