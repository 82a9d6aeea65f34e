"""The folder of one run: claimed once, never shared, never overwritten."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.durability import sync_folder, writing

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class RunFolder:
    """A folder that belongs to this run alone. Get one from ``create``.

    Attributes:
        path: The folder itself.
    """

    path: Path

    @property
    def masks(self) -> Path:
        """Where masks go."""
        return self.path / "masks"

    @property
    def frames(self) -> Path:
        """Where evidence pictures go; absent when none are kept."""
        return self.path / "frames"

    @classmethod
    def create(cls, path: Path) -> RunFolder:
        """Make the folder, or take an empty one. Of two runs that race for it one wins.

        Raises:
            SinkError: It is a file, holds anything already, or cannot be written.
        """
        directory = cls(path)
        try:
            path.mkdir(parents=True, exist_ok=True)
            directory._claim()
        except OSError as error:
            raise SinkError(
                f"{path} should become the run's folder, which failed ({error.strerror}); "
                "choose another --out"
            ) from error
        return directory

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
        final, unfinished = self.path / name, self.path / f".{name}.part"
        with writing(final):
            try:
                with unfinished.open("w", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                unfinished.replace(final)
            except OSError:
                unfinished.unlink(missing_ok=True)
                raise
            sync_folder(self.path)

    def discard_if_empty(self) -> None:
        """Take the folder back when nothing came to be in it, so that it may be used again."""
        with contextlib.suppress(OSError):  # not empty: there is something to keep
            self.masks.rmdir()
            self.path.rmdir()

    def _claim(self) -> None:
        """Take an empty folder by making the one of masks, which lets only one caller win."""
        found = sorted(entry.name for entry in self.path.iterdir())
        with contextlib.suppress(FileExistsError):
            if not found:
                self.masks.mkdir()
                sync_folder(self.path)
                sync_folder(self.path.parent)
                return
        run = {"masks", "run.json", "cracks.geojsonl"} & {*found} or not found
        raise SinkError(
            f"{self.path} should be a new or empty folder but holds "
            f"{'a run' if run else found[0]}; choose another --out, nothing is ever overwritten"
        )
