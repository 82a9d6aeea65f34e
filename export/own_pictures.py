"""The score of any bundle or checkpoint on any folder of pictures and folder of masks."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.bundle import load_bundle
from edgecrack.errors import InputError
from export.scoring import score_pairs, segmenter_of
from export.torch_segmenter import TorchSegmenter
from training.checkpoint import load_checkpoint
from training.config import DataConfig
from training.dataset import find_pairs

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.segmenters import Segmenter
    from export.scoring import Scored
    from training.dataset import Pair


@dataclass(frozen=True, slots=True)
class Folders:
    """Pictures and what is true about them: files of one stem belong together.

    Attributes:
        images: Folder of pictures.
        masks: Folder of crack masks.
        areas: Folder of area masks, or None.
        mask_threshold: A mask pixel above this is crack; None: masks must hold 0 and 255 only.
    """

    images: Path
    masks: Path
    areas: Path | None = None
    mask_threshold: int | None = None

    def as_set(self) -> DataConfig:
        """Return them as a data set, whose folders are relative to the current one."""
        return DataConfig(
            name=self.images.name or str(self.images),
            images=(str(self.images),),
            masks=(str(self.masks),),
            areas=(str(self.areas),) if self.areas else (),
            labelled="road" if self.areas else "everywhere",
            mask_threshold=127 if self.mask_threshold is None else self.mask_threshold,
        )


def score_folders(
    path: Path,
    folders: Folders,
    tolerances_px: Sequence[float],
    input_px: tuple[int, int],
    threshold: int,
) -> Scored:
    """Score what is at ``path`` on all pictures of a folder.

    Args:
        path: A bundle folder, or a checkpoint file.
        folders: Where pictures and masks are.
        tolerances_px: Reach of a match, in pixels of the full picture.
        input_px: Input size (width, height) of a checkpoint; a bundle has its own.
        threshold: From which probability on a checkpoint marks, 1..255; a bundle has its own.

    Raises:
        BundleError: The bundle is damaged or cannot run here.
        InputError: A file is missing, cannot be read, or is of another size or has other values.
    """
    data = folders.as_set()
    pairs = find_pairs(data, folders.images.cwd())
    if folders.mask_threshold is None:
        for pair in pairs:
            _check_values(pair)
    with closing(_segmenter(path, pairs[0], data, input_px, threshold)) as segmenter:
        return score_pairs(segmenter, data, pairs, "all", tolerances_px)


def _segmenter(
    path: Path, first: Pair, data: DataConfig, input_px: tuple[int, int], threshold: int
) -> Segmenter:
    if path.is_dir():
        return segmenter_of(load_bundle(path), first, data)
    return TorchSegmenter(load_checkpoint(path).network(), *input_px, threshold)


def _check_values(pair: Pair) -> None:
    """Check that a mask says crack or no crack of each pixel, in no third value."""
    if pair.mask is None:
        return
    try:
        mask = cv2.imdecode(np.fromfile(pair.mask, np.uint8), cv2.IMREAD_GRAYSCALE)
    except (OSError, cv2.error) as error:
        raise InputError(f"{pair.mask} must be a readable picture, but: {error}.") from error
    others = [] if mask is None else sorted(set(np.unique(mask).tolist()) - {0, 255})
    if others:
        raise InputError(
            f"{pair.mask} must hold only 0 (no crack) and 255 (crack), but holds {others[0]}; give "
            "--mask-threshold, above which a pixel is crack."
        )
