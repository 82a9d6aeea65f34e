"""Masks and evidence pictures: a file appears under its name only once it is whole and durable.

Files are written into a hidden folder of the same file system. A sync flushes them all at once
and then renames them into place, so that neither a reader nor a power cut finds half a picture.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from typing import TYPE_CHECKING

from PIL import Image

from edgecrack.sinks.exif import exif_bytes
from edgecrack.sinks.png import png_bytes
from edgecrack.sinks.record_only import has_pictures
from edgecrack.storage.durability import sync_filesystem, sync_folder, writing

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.records import Observation, RgbImage
    from edgecrack.storage.run_folder import RunFolder


class ImageSink:
    """Write ``masks/NNNNNNNN.png`` and ``frames/NNNNNNNN.jpg``, same size, same EXIF.

    Attributes:
        missed: Observations whose pictures were due but had been dropped on the way.
    """

    def __init__(
        self, directory: RunFolder, *, all_masks: bool = False, frames: bool = True
    ) -> None:
        """Prepare the folders.

        Args:
            directory: Where to write.
            all_masks: Keep the pictures of every observation, not only those with a crack.
            frames: Keep the evidence picture beside the mask.

        Raises:
            SinkError: The folder cannot be written.
        """
        self.missed = 0
        self._all_masks, self._frames = all_masks, frames
        self._pending = directory.path / ".pending"
        self._waiting: list[tuple[Path, Path]] = []  # (where it lies, where it belongs)
        self._directory = directory
        with writing(directory.path):
            self._pending.mkdir()
            if frames:
                directory.frames.mkdir()
            sync_folder(directory.path)
            self._descriptor: int | None = os.open(directory.path, os.O_RDONLY)

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
        files = {self._directory.masks / f"{number}.png": png_bytes(observation.mask, exif)}
        if self._frames:
            picture = jpeg_bytes(observation.frame.evidence, exif)
            files[self._directory.frames / f"{number}.jpg"] = picture
        self._put_aside(files)

    def sync(self) -> None:
        """Make all pictures so far durable, then let them appear.

        Raises:
            SinkError: The disk is full or broken.
        """
        if not self._waiting or self._descriptor is None:
            return
        with writing(self._directory.path):
            sync_filesystem(self._descriptor)
            for unfinished, final in self._waiting:
                unfinished.rename(final)
            for folder in {final.parent for _, final in self._waiting}:
                sync_folder(folder)
        self._waiting.clear()

    def close(self) -> None:
        """Let go of the folder and of whatever was never synced; safe to call twice."""
        if self._descriptor is None:
            return
        os.close(self._descriptor)
        self._descriptor = None
        shutil.rmtree(self._pending, ignore_errors=True)

    def _put_aside(self, files: dict[Path, bytes]) -> None:
        """Write an observation's files, all of them or none."""
        unfinished = {self._pending / final.name: final for final in files}
        try:
            for path, (final, content) in zip(unfinished, files.items(), strict=True):
                with writing(final):
                    path.write_bytes(content)
        except BaseException:
            for path in unfinished:
                with contextlib.suppress(OSError):
                    path.unlink(missing_ok=True)
            raise
        self._waiting.extend(unfinished.items())


def jpeg_bytes(picture: RgbImage, exif: bytes) -> bytes:
    """Return an RGB picture as JPEG, quality 90, colour at half resolution."""
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=90, subsampling="4:2:0", exif=exif)
    return buffer.getvalue()
