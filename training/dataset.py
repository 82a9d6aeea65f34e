"""Data sets of pictures and masks: finding the files, reading them, and splitting them into parts.

There are two layouts. CrackForest keeps ``image/NNN.jpg`` beside ``groundTruth/NNN.mat``, whose
``Segmentation`` is 2 on cracks (3 and 4 are other regions) and whose ``Boundaries`` is the outline.
Every other set is a folder of pictures and, with the same stems, a folder of crack masks, or of
area masks (0 not road, 1 road, 2 paint, 255 unknown), or both.
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
from training.truth import AREAS, join, shrink_truth

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.records import GrayImage, RgbImage
    from training.config import DataConfig
    from training.split import SplitSpec

PICTURES = frozenset({".jpg", ".jpeg", ".png", ".bmp", ".tif", ".tiff", ".webp"})


@dataclass(frozen=True, slots=True)
class Pair:
    """The files of one picture and its masks.

    Attributes:
        name: Stem of the file: the id in split files.
        picture: The picture's file.
        mask: The crack mask's file, or None where cracks were not labelled.
        area: The area mask's file, or None where nothing is known of the road.
    """

    name: str
    picture: Path
    mask: Path | None
    area: Path | None = None


def find_pairs(config: DataConfig, root: Path) -> list[Pair]:
    """List every pair of a data set, sorted by name within each folder.

    Raises:
        InputError: If a folder is missing or empty, or a picture lacks a mask.
    """
    masks = config.masks
    if config.kind == "crackforest" and not masks:
        masks = tuple(f"{images}/../groundTruth" for images in config.images)
    nowhere = (None,) * len(config.images)
    return [
        pair
        for images, mask, area in zip(
            config.images, masks or nowhere, config.areas or nowhere, strict=True
        )
        for pair in _pairs_in(
            root / images, root / mask if mask else None, root / area if area else None, config.kind
        )
    ]


def _pairs_in(images: Path, masks: Path | None, areas: Path | None, kind: str) -> list[Pair]:
    mask_of, area_of = _by_stem(masks), _by_stem(areas)
    pictures = [file for file in sorted(_files(images)) if file.suffix.lower() in PICTURES]
    if kind == "crackforest":  # 37 of its pictures have no ground truth, by design
        pictures = [file for file in pictures if file.stem in mask_of]
    if not pictures:
        raise InputError(f"{images} holds no picture with ground truth; check --data.")
    for picture in pictures:
        for folder, files in ((masks, mask_of), (areas, area_of)):
            if folder and picture.stem not in files:
                raise InputError(
                    f"{picture} has no mask in {folder}; add it or remove the picture."
                )
    return [
        Pair(file.stem, file, mask_of.get(file.stem), area_of.get(file.stem)) for file in pictures
    ]


def _by_stem(folder: Path | None) -> dict[str, Path]:
    """Return the stem of each mask in a folder -> its file."""
    endings = PICTURES | {".mat"}
    files = sorted(_files(folder)) if folder else []
    return {file.stem: file for file in files if file.suffix.lower() in endings}


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
    """Read a picture (H, W, 3) RGB and its truth (H, W), codes of ``training.truth``, at full size.

    Raises:
        InputError: If one cannot be read, their sizes differ, or an area mask has other values.
    """
    picture = _read_image(pair.picture)
    crack = _crack_mask(pair.mask, config) if pair.mask else None
    area = _area_mask(pair.area) if pair.area else None
    if config.all_road:
        area = np.ones(picture.shape[:2], np.uint8)
    for path, mask in ((pair.mask, crack), (pair.area, area)):
        if path and mask is not None and picture.shape[:2] != mask.shape:
            raise InputError(
                f"{path} must be as large as its picture, {_size(picture)}, but is {_size(mask)}."
            )
    if config.crack_free and area is not None:
        return picture, join(np.zeros_like(area), area, "road")
    return picture, join(crack, area, config.labelled)


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


def _crack_mask(path: Path, config: DataConfig) -> GrayImage:
    if path.suffix == ".mat":
        return _crackforest_mask(path, config)
    # The largest channel: some masks are drawn in colour, and their grey value may be low.
    crack = _read_image(path).max(axis=2) > config.mask_threshold
    return np.asarray(crack * np.uint8(255), np.uint8)


def _area_mask(path: Path) -> GrayImage:
    area = np.asarray(_read_image(path)[..., 0], np.uint8)
    if other := set(np.unique(area).tolist()) - set(AREAS):
        raise InputError(
            f"{path} must hold only 0 (not road), 1 (road), 2 (paint) and 255 (unknown), but holds "
            f"{min(other)}; draw it again, or remove areas."
        )
    return area


def _crackforest_mask(path: Path, config: DataConfig) -> GrayImage:
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
        field = loadmat(path)["groundTruth"][config.field][0, 0]
    except (*errors_of_damaged_files, MatReadError) as error:
        raise InputError(f"{path} holds no readable groundTruth.{config.field}.") from error
    crack = field == 2 if config.field == "Segmentation" else field > 0
    return np.asarray(crack * np.uint8(255), np.uint8)


def shrink(picture: RgbImage, truth: GrayImage, scale: float) -> tuple[RgbImage, GrayImage]:
    """Return both shrunk by ``scale`` (0 to 1); a pixel's colour is the mean of those it covers."""
    if scale == 1:
        return picture, truth
    size = (round(picture.shape[1] * scale), round(picture.shape[0] * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8), shrink_truth(truth, size)


def read_shrunk(pair: Pair, config: DataConfig) -> tuple[RgbImage, GrayImage]:
    """Read a picture and its truth and shrink them by the set's ``scale``."""
    return shrink(*read_pair(pair, config), config.scale)


def digest(pairs: list[Pair]) -> str:
    """Return one SHA-256 over the names and bytes of all files.

    Raises:
        InputError: If a file cannot be read.
    """
    digest_of_all = hashlib.sha256()
    files = [file for pair in pairs for file in (pair.picture, pair.mask, pair.area) if file]
    for file in files:
        try:
            content = file.read_bytes()
        except OSError as error:
            raise InputError(f"{file} must be readable, but: {error}.") from error
        digest_of_all.update(file.name.encode())
        digest_of_all.update(hashlib.sha256(content).digest())
    return digest_of_all.hexdigest()
