"""Data sets of pictures and masks: finding the files, reading them, and splitting them into parts.

There are two layouts. CrackForest keeps ``image/NNN.jpg`` beside ``groundTruth/NNN.mat``, whose
``Segmentation`` is 2 on cracks (3 and 4 are other regions) and whose ``Boundaries`` is the outline.
Every other set is a folder of pictures and a folder of masks with the same stems.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.errors import InputError
from training.split import parts_of

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.records import GrayImage, RgbImage
    from training.config import DataConfig
    from training.split import SplitSpec

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of one picture and its mask.

    Attributes:
        name: Stem of the file: the id in split files.
        picture: The picture's file.
        mask: The mask's file.
    """

    name: str
    picture: Path
    mask: Path


def find_pairs(config: DataConfig, root: Path) -> list[Pair]:
    """List every pair of a data set, sorted by name within each folder.

    Raises:
        InputError: If a folder is missing or empty, or a picture has no mask.
    """
    masks = config.masks or tuple(f"{images}/../groundTruth" for images in config.images)
    return [
        pair
        for images, folder in zip(config.images, masks, strict=True)
        for pair in _pairs_in(root / images, root / folder, config)
    ]


def _pairs_in(images: Path, masks: Path, config: DataConfig) -> list[Pair]:
    endings = PICTURES | {".mat"}
    mask_files = [file for file in sorted(_files(masks)) if file.suffix.lower() in endings]
    mask_of = {file.stem: file for file in mask_files}
    pictures = [file for file in sorted(_files(images)) if file.suffix.lower() in PICTURES]
    if config.kind == "crackforest":  # 37 of its pictures have no ground truth, by design
        pictures = [file for file in pictures if file.stem in mask_of]
    if not pictures:
        raise InputError(f"{images} holds no picture with ground truth; check --data.")
    for picture in pictures:
        if picture.stem not in mask_of:
            raise InputError(f"{picture} has no mask in {masks}; add it or remove the picture.")
    return [Pair(file.stem, file, mask_of[file.stem]) for file in pictures]


def _files(folder: Path) -> list[Path]:
    try:
        files = [file for file in folder.iterdir() if file.is_file()]
    except OSError as error:
        raise InputError(f"{folder} must be a readable folder, but: {error}.") from error
    for file in files:
        # A name is an id in splits and scores, which are text. A lone surrogate is a byte of a name
        # that is no UTF-8.
        if any("\ud800" <= letter <= "\udfff" for letter in file.name):
            raise InputError(f"{folder} holds {file.name!r}, a name that is no UTF-8; rename it.")
    return files


def part_of(config: DataConfig, root: Path, part: str) -> list[Pair]:
    """List the pairs of one part: ``train``, ``validation`` or ``test``.

    Without a split, everything is for training.
    """
    pairs = find_pairs(config, root)
    if config.split is None:
        return pairs if part == "train" else []
    parts = split_of(config, config.split, pairs, root)
    unknown = [pair.name for pair in pairs if pair.name not in parts]
    if unknown:
        raise InputError(
            f"data set '{config.name}' holds '{unknown[0]}', which its split does not list; "
            "use the data the split was made for, or another split."
        )
    return [pair for pair in pairs if parts[pair.name] == part]


def split_of(config: DataConfig, spec: SplitSpec, pairs: list[Pair], root: Path) -> dict[str, str]:
    """Return id -> part for the pairs of a data set that is split as ``spec`` says."""
    pictures = [(pair.name, os.path.relpath(pair.picture, root)) for pair in pairs]
    return parts_of(spec, pictures, config.name)


def read_pair(pair: Pair, config: DataConfig) -> tuple[RgbImage, GrayImage]:
    """Read a picture (H, W, 3) RGB and its mask (H, W) of 0 and 255, at full size.

    Raises:
        InputError: If either cannot be read, or their sizes differ.
    """
    picture = _read_image(pair.picture)
    mask = _crackforest_mask(pair, config) if pair.mask.suffix == ".mat" else _mask(pair, config)
    if picture.shape[:2] != mask.shape:
        raise InputError(
            f"{pair.mask} must be as large as its picture, {_size(picture)}, but is {_size(mask)}."
        )
    return picture, mask


def _size(array: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> str:
    return f"{array.shape[1]}x{array.shape[0]}"


def _read_image(path: Path) -> RgbImage:
    try:
        data = np.fromfile(path, np.uint8)
    except OSError as error:
        raise InputError(f"{path} must be a readable picture, but: {error}.") from error
    image = cv2.imdecode(data, cv2.IMREAD_COLOR) if data.size else None
    if image is None:
        raise InputError(f"{path} must be a picture, but cannot be decoded; replace or remove it.")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), np.uint8)


def _mask(pair: Pair, config: DataConfig) -> GrayImage:
    # The largest channel: some masks are drawn in colour, and their grey value may be low.
    crack = _read_image(pair.mask).max(axis=2) > config.mask_threshold
    return np.asarray(crack * np.uint8(255), np.uint8)


def _crackforest_mask(pair: Pair, config: DataConfig) -> GrayImage:
    from scipy.io import loadmat  # noqa: PLC0415  only CrackForest needs SciPy
    from scipy.io.matlab import MatReadError  # noqa: PLC0415

    errors_of_damaged_files = (
        OSError,
        ValueError,
        LookupError,
        TypeError,
        NotImplementedError,
        zlib.error,
    )
    try:
        field = loadmat(pair.mask)["groundTruth"][config.field][0, 0]
    except (*errors_of_damaged_files, MatReadError) as error:
        raise InputError(f"{pair.mask} holds no readable groundTruth.{config.field}.") from error
    crack = field == 2 if config.field == "Segmentation" else field > 0
    return np.asarray(crack * np.uint8(255), np.uint8)


def shrink(picture: RgbImage, mask: GrayImage, scale: float) -> tuple[RgbImage, GrayImage]:
    """Return both shrunk by ``scale`` (0 to 1); a picture's pixel is the mean of those it covers.

    A mask pixel is crack when at least a third of those it covers are, which keeps thin cracks.
    """
    if scale == 1:
        return picture, mask
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    covered = cv2.resize(mask, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), np.asarray((covered >= 85) * np.uint8(255), np.uint8)


def read_shrunk(pair: Pair, config: DataConfig) -> tuple[RgbImage, GrayImage]:
    """Read a picture and its mask and shrink them by the set's ``scale``."""
    return shrink(*read_pair(pair, config), config.scale)


def digest(pairs: list[Pair]) -> str:
    """Return one SHA-256 over the names and bytes of all files.

    Raises:
        InputError: If a file cannot be read.
    """
    digest_of_all = hashlib.sha256()
    for file in (file for pair in pairs for file in (pair.picture, pair.mask)):
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputError(f"{file} must be readable, but: {error}.") from error
        digest_of_all.update(file.name.encode())
        digest_of_all.update(hashlib.sha256(content).digest())
    return digest_of_all.hexdigest()
