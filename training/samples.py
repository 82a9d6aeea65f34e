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
from training.paint import draw_paint
from training.truth import CRACK, DISPUTED, check_known, crack_target, road_target

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.records import GrayImage, RgbImage
    from training.augment import AugmentSpec
    from training.config import DataConfig, TrainConfig

TrainingSample = tuple[torch.Tensor, torch.Tensor]
"""A picture, float32 (3, H, W) in [0, 1], and its truth, float32 (2, H, W): as to crack, 1 crack, 0
none, -1 unknown; and as to road, likewise."""

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

    Attributes:
        disputed: Set name -> share of its crack pixels, 0 to 1, that its area masks call not road
            or paint; sets without any are left out.

    Raises:
        InputError: If a picture or a mask cannot be read, their sizes differ, or nothing is known
            about a whole set.
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
        self.disputed: dict[str, float] = {}
        shapes = {shape for one_set in sets for shape in self._check(one_set)}
        if config.fit.crop_px is None and len(shapes) > 1:
            sizes = ", ".join(f"{width}x{height}" for height, width in sorted(shapes)[:3])
            raise ConfigError(f"pictures of several sizes ({sizes}) need fit.crop_px; set it.")

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, number: int) -> TrainingSample:
        """Return sample ``number``, the same one each time."""
        rng = np.random.default_rng([self._fit.seed, number])
        source = self._sets[rng.choice(len(self._sets), p=self._shares)]
        picture, truth = self._crop(rng, source)
        if source.augment.copy_paste and rng.random() < source.augment.copy_paste:
            donor = self._crop(rng, self._donor(rng, source))
            picture, truth = copy_paste((picture, truth), donor)
        if source.augment.paint and rng.random() < source.augment.paint:
            picture, truth = draw_paint(picture, truth, rng)
        picture = photometric(picture, rng, source.augment)
        return (
            torch.from_numpy(picture.transpose(2, 0, 1).astype(np.float32) / 255),
            torch.from_numpy(np.stack([crack_target(truth), road_target(truth)])),
        )

    def _check(self, source: TrainingSet) -> set[tuple[int, ...]]:
        """Read every picture of a set; return their shapes."""
        shapes, counts = set(), np.zeros(256, np.int64)
        for pair in source.pairs:
            _, truth = self._read(source, pair)
            shapes.add(truth.shape)
            counts += np.bincount(truth.ravel(), minlength=256)
        check_known(counts, f"the training part of data set '{source.config.name}'")
        if counts[DISPUTED]:
            share = counts[DISPUTED] / (counts[DISPUTED] + counts[CRACK])
            self.disputed[source.config.name] = float(share)
        return shapes

    def _donor(self, rng: np.random.Generator, source: TrainingSet) -> TrainingSet:
        """Choose the set whose cracks are pasted: the same one, or any with crack labels."""
        if source.augment.copy_from == "set":
            return source
        shares = self._shares * [one_set.config.has_crack_labels for one_set in self._sets]
        if not shares.any():
            return source
        return self._sets[rng.choice(len(self._sets), p=shares / shares.sum())]

    def _crop(self, rng: np.random.Generator, source: TrainingSet) -> tuple[RgbImage, GrayImage]:
        """Return a random crop of a random picture of a set, and of its truth, warped."""
        picture, truth = self._read(source, source.pairs[rng.integers(len(source.pairs))])
        crop = self._fit.crop_px
        height, width = truth.shape
        centre = (
            _centre(rng, truth, source.config.crack_share, crop)
            if crop
            else (width / 2, height / 2)
        )
        matrix = random_warp(rng, source.augment, centre, crop)
        size = (crop, crop) if crop else (width, height)
        return warp(picture, truth, matrix, size, source.augment.border)

    def _read(self, source: TrainingSet, pair: Pair) -> tuple[RgbImage, GrayImage]:
        key = source.config.name, pair  # two sets may use one folder at two scales
        if key in self._cache:
            return self._cache[key]
        picture, truth = read_shrunk(pair, source.config)
        if self._cache_bytes_left >= picture.nbytes + truth.nbytes:
            self._cache_bytes_left -= picture.nbytes + truth.nbytes
            self._cache[key] = picture, truth
        return picture, truth


def use_one_thread(worker: int) -> None:
    """Keep OpenCV in a forked worker from waiting for threads that only its parent has."""
    del worker
    cv2.setNumThreads(0)


def _centre(
    rng: np.random.Generator, truth: GrayImage, crack_share: float, crop_px: int
) -> tuple[float, float]:
    """Choose the middle of a crop (x, y): near a crack pixel, or anywhere."""
    height, width = truth.shape
    if rng.random() < crack_share:
        crack_pixels = np.flatnonzero(truth == CRACK)
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
