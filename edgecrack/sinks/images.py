"""Masks and evidence pictures: a file appears under its name only once it is whole and durable.

Files are written into a hidden folder of the same file system. A sync flushes them all at once
and then renames them into place, so that neither a reader nor a power cut finds half a picture.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.sinks.exif import exif_bytes
from edgecrack.sinks.jpeg import jpeg_bytes
from edgecrack.sinks.png import png_bytes
from edgecrack.sinks.record_only import has_pictures

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.records import Observation
    from edgecrack.storage.run_folder import RunFolder


class ImageSink:
    """Write ``masks/NNNNNNNN.png`` and ``frames/NNNNNNNN.jpg``, same size, same EXIF.

    Attributes:
        missed: Observations whose pictures were due but had been dropped on the way.
    """

    def __init__(self, folder: RunFolder, *, all_masks: bool = False, frames: bool = True) -> None:
        """Prepare the folders.

        Args:
            folder: Where to write.
            all_masks: Keep the pictures of every observation, not only those with a crack.
            frames: Keep the evidence picture beside the mask.

        Raises:
            SinkError: The folder cannot be written.
        """
        self.missed = 0
        self._all_masks, self._frames = all_masks, frames
        self._folder, self._disk = folder, folder.disk
        self._pending = folder.path / ".pending"
        self._waiting: dict[Path, Path] = {}  # where it lies -> where it belongs
        self._disk.make_folder(self._pending)
        if frames:
            self._disk.make_folder(folder.frames)

    def write(self, observation: Observation) -> None:
        """Encode and write, not yet durable and not yet in place.

        Raises:
            SinkError: The disk is full or broken; nothing of this observation is left.
        """
        if not (observation.has_crack or self._all_masks):
            return
        if not has_pictures(observation):
            self.missed += 1
            return
        exif, number = exif_bytes(observation), f"{observation.frame.index:08d}"
        files = {self._folder.masks / f"{number}.png": png_bytes(observation.mask, exif)}
        if self._frames:
            picture = jpeg_bytes(observation.frame.evidence, exif)
            files[self._folder.frames / f"{number}.jpg"] = picture
        self._put_aside(files)

    def sync(self) -> None:
        """Make all pictures so far durable, then let them appear.

        Raises:
            SinkError: The disk is full or broken.
        """
        if not self._waiting:
            return
        self._disk.sync_all(self._folder.path)
        for unfinished, final in self._waiting.items():
            self._disk.rename(unfinished, final)
        for folder in sorted({final.parent for final in self._waiting.values()}):
            self._disk.sync(folder)
        self._waiting.clear()

    def close(self) -> None:
        """Remove whatever was never synced; safe to call twice."""
        self._discard([*self._waiting, self._pending])
        self._waiting.clear()

    def _put_aside(self, files: dict[Path, bytes]) -> None:
        """Write an observation's files, all of them or none."""
        unfinished = {self._pending / final.name: final for final in files}
        try:
            for path, final in unfinished.items():
                self._disk.write(path, files[final])
        except SinkError:
            self._discard([*unfinished])
            raise
        self._waiting |= unfinished

    def _discard(self, paths: list[Path]) -> None:
        for path in paths:
            with contextlib.suppress(SinkError):
                self._disk.remove(path)
