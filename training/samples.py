"""The stream of training views: which set, which picture, which crop, bent and lit how.

View number ``i`` is drawn from a generator seeded with (seed, i) and nothing else. So the views are
the same however many processes prepare them, and a resumed run goes on with the view that would
have come next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch
from torch.utils.data import Dataset

from edgecrack.errors import ConfigError
from training.augment import copy_paste, photometric, random_warp, warp
from training.dataset import Pair, part_of, read_shrunk

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.records import GrayImage, RgbImage
    from training.augment import AugmentSpec
    from training.config import DataConfig, TrainConfig

TrainingSample = tuple[torch.Tensor, torch.Tensor]
"""A picture, float32 (3, H, W) in [0, 1], and its truth, float32 (1, H, W) of 0 and 1."""

ROOM_BYTES = 2 << 30
"""How much memory pictures that were read once may take."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The training part of one data set."""

    config: DataConfig
    pairs: tuple[Pair, ...]
    augment: AugmentSpec


def training_sets(config: TrainConfig, root: Path) -> list[TrainingSet]:
    """Find what there is to train on.

    Raises:
        ConfigError: If no set with a weight has a picture to train on.
    """
    sets = []
    for data in config.data:
        pairs = part_of(data, root, "train") if data.weight else []
        if pairs:
            sets.append(TrainingSet(data, tuple(pairs), config.augment_of(data)))
    if not sets:
        raise ConfigError(f"'{config.name}' has no data set with pictures to train on; add one.")
    return sets


class TrainingSamples(Dataset[TrainingSample]):
    """The views of a whole run, by number.

    Every picture is read once at the start: a broken one is found now and not in the tenth epoch,
    and what fits into memory stays there, where the processes that prepare views share it.

    Raises:
        InputError: If a picture or a mask cannot be read, or their sizes differ.
        ConfigError: If whole pictures are wanted, and they differ in size.
    """

    def __init__(self, sets: list[TrainingSet], config: TrainConfig) -> None:
        self._sets = sets
        weights = np.array([each.config.weight for each in sets])
        self._share = weights / weights.sum()
        self._fit = config.fit
        self._count = config.fit.epochs * config.fit.steps_per_epoch * config.fit.batch
        self._kept: dict[tuple[str, Pair], tuple[RgbImage, GrayImage]] = {}
        self._room_bytes = ROOM_BYTES
        sizes = {self._read(each, pair)[1].shape for each in sets for pair in each.pairs}
        if config.fit.crop_px is None and len(sizes) > 1:
            found = ", ".join(f"{width}x{height}" for height, width in sorted(sizes)[:3])
            raise ConfigError(f"pictures of several sizes ({found}) need fit.crop_px; set it.")

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> TrainingSample:
        """Return view ``number``, the same one each time."""
        rng = np.random.default_rng([self._fit.seed, number])
        chosen = self._sets[rng.choice(len(self._sets), p=self._share)]
        view, truth = self._view(rng, chosen)
        if chosen.augment.copy_paste and rng.random() < chosen.augment.copy_paste:
            view, truth = copy_paste((view, truth), self._view(rng, chosen))
        lit = photometric(view, rng, chosen.augment)
        return (
            torch.from_numpy(lit.transpose(2, 0, 1).astype(np.float32) / 255),
            torch.from_numpy((truth[np.newaxis] > 0).astype(np.float32)),
        )

    def _view(self, rng: np.random.Generator, chosen: TrainingSet) -> tuple[RgbImage, GrayImage]:
        """Draw one picture of a set, bent and cropped."""
        picture, mask = self._read(chosen, chosen.pairs[rng.integers(len(chosen.pairs))])
        crop = self._fit.crop_px
        height, width = mask.shape
        centre = (
            _centre(rng, mask, chosen.config.crack_share, crop) if crop else (width / 2, height / 2)
        )
        matrix = random_warp(rng, chosen.augment, centre, crop)
        size = (crop, crop) if crop else (width, height)
        return warp(picture, mask, matrix, size, chosen.augment.border)

    def _read(self, chosen: TrainingSet, pair: Pair) -> tuple[RgbImage, GrayImage]:
        key = chosen.config.name, pair  # two sets may show one folder at two scales
        if key in self._kept:
            return self._kept[key]
        picture, mask = read_shrunk(pair, chosen.config)
        if self._room_bytes >= picture.nbytes + mask.nbytes:
            self._room_bytes -= picture.nbytes + mask.nbytes
            self._kept[key] = picture, mask
        return picture, mask


def work_alone(worker: int) -> None:
    """Keep OpenCV of a forked process from waiting for threads that it did not inherit."""
    del worker
    cv2.setNumThreads(0)


def _centre(
    rng: np.random.Generator, mask: GrayImage, crack_share: float, crop_px: int
) -> tuple[float, float]:
    """Choose the middle of a crop (x, y): near a crack pixel, or anywhere."""
    height, width = mask.shape
    if rng.random() < crack_share:
        places = np.flatnonzero(mask)
        if places.size:
            row, column = divmod(int(places[rng.integers(places.size)]), width)
            x, y = np.array([column, row]) + rng.uniform(-0.35, 0.35, 2) * crop_px
            return _inside(x, width, crop_px), _inside(y, height, crop_px)
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    return _inside(x, width, crop_px), _inside(y, height, crop_px)


def _inside(value: float, length: int, crop_px: int) -> float:
    """Move a centre so that the crop lies in the picture, where it fits."""
    if length <= crop_px:
        return length / 2
    return float(np.clip(value, crop_px / 2, length - crop_px / 2))
