"""The training samples: random crops of random pictures, augmented.

Sample number ``i`` depends on a generator seeded with (seed, i) and nothing else. So the samples
are the same however many processes prepare them, and a resumed run continues with the same samples
as an uninterrupted one.
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
"""A picture, float32 (3, H, W) in [0, 1], and its true mask, float32 (1, H, W) of 0 and 1."""

CACHE_BYTES = 2 << 30
"""Most memory for caching pictures."""


@dataclass(frozen=True, slots=True)
class TrainingSet:
    """The training part of one data set."""

    config: DataConfig
    pairs: tuple[Pair, ...]
    augment: AugmentSpec


def training_sets(config: TrainConfig, root: Path) -> list[TrainingSet]:
    """List the sets that have a weight and training pictures.

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
    """The samples of a whole run, by number.

    Every picture is read once at the start, so that a broken one is reported before training
    begins. Pictures stay in memory up to ``CACHE_BYTES``, shared by the processes that prepare
    samples.

    Raises:
        InputError: If a picture or a mask cannot be read, or their sizes differ.
        ConfigError: If ``fit.crop_px`` is None and the pictures differ in size.
    """

    def __init__(self, sets: list[TrainingSet], config: TrainConfig) -> None:
        self._sets = sets
        weights = np.array([training_set.config.weight for training_set in sets])
        self._shares = weights / weights.sum()
        self._fit = config.fit
        self._count = config.fit.epochs * config.fit.steps_per_epoch * config.fit.batch
        self._cache: dict[tuple[str, Pair], tuple[RgbImage, GrayImage]] = {}
        self._cache_bytes_left = CACHE_BYTES
        shapes = {self._read(one_set, pair)[1].shape for one_set in sets for pair in one_set.pairs}
        if config.fit.crop_px is None and len(shapes) > 1:
            sizes = ", ".join(f"{width}x{height}" for height, width in sorted(shapes)[:3])
            raise ConfigError(f"pictures of several sizes ({sizes}) need fit.crop_px; set it.")

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> TrainingSample:
        """Return sample ``number``, the same one each time."""
        rng = np.random.default_rng([self._fit.seed, number])
        source = self._sets[rng.choice(len(self._sets), p=self._shares)]
        picture, mask = self._crop(rng, source)
        if source.augment.copy_paste and rng.random() < source.augment.copy_paste:
            picture, mask = copy_paste((picture, mask), self._crop(rng, source))
        picture = photometric(picture, rng, source.augment)
        return (
            torch.from_numpy(picture.transpose(2, 0, 1).astype(np.float32) / 255),
            torch.from_numpy((mask[np.newaxis] > 0).astype(np.float32)),
        )

    def _crop(self, rng: np.random.Generator, source: TrainingSet) -> tuple[RgbImage, GrayImage]:
        """Return a random crop of a random picture of a set, and of its mask, warped."""
        picture, mask = self._read(source, source.pairs[rng.integers(len(source.pairs))])
        crop = self._fit.crop_px
        height, width = mask.shape
        centre = (
            _centre(rng, mask, source.config.crack_share, crop) if crop else (width / 2, height / 2)
        )
        matrix = random_warp(rng, source.augment, centre, crop)
        size = (crop, crop) if crop else (width, height)
        return warp(picture, mask, matrix, size, source.augment.border)

    def _read(self, source: TrainingSet, pair: Pair) -> tuple[RgbImage, GrayImage]:
        key = source.config.name, pair  # two sets may use one folder at two scales
        if key in self._cache:
            return self._cache[key]
        picture, mask = read_shrunk(pair, source.config)
        if self._cache_bytes_left >= picture.nbytes + mask.nbytes:
            self._cache_bytes_left -= picture.nbytes + mask.nbytes
            self._cache[key] = picture, mask
        return picture, mask


def use_one_thread(worker: int) -> None:
    """Keep OpenCV in a forked worker from waiting for threads that only its parent has."""
    del worker
    cv2.setNumThreads(0)


def _centre(
    rng: np.random.Generator, mask: GrayImage, crack_share: float, crop_px: int
) -> tuple[float, float]:
    """Choose the middle of a crop (x, y): near a crack pixel, or anywhere."""
    height, width = mask.shape
    if rng.random() < crack_share:
        crack_pixels = np.flatnonzero(mask)
        if crack_pixels.size:
            row, column = divmod(int(crack_pixels[rng.integers(crack_pixels.size)]), width)
            x, y = np.array([column, row]) + rng.uniform(-0.35, 0.35, 2) * crop_px
            return _inside(x, width, crop_px), _inside(y, height, crop_px)
    x, y = rng.uniform(0, width), rng.uniform(0, height)
    return _inside(x, width, crop_px), _inside(y, height, crop_px)


def _inside(value: float, length: int, crop_px: int) -> float:
    """Move a crop's centre so that the crop is inside the picture, or centred if it is larger."""
    if length <= crop_px:
        return length / 2
    return float(np.clip(value, crop_px / 2, length - crop_px / 2))
