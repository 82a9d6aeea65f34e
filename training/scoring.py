"""Scores a network on validation or test pictures, at the size of the full picture.

A picture is shrunk to the set's scale, predicted whole, and the probability is enlarged again, so
that a tolerance of 10 px means ten pixels of the camera's picture at any scale.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from edgecrack.cells import count_cells
from edgecrack.metrics import Counts, Protocol, Score, count_matches, ods, ois, total
from training.alarms import AlarmCounts, count_alarms
from training.dataset import Pair, part_of, read_pair, shrink
from training.reliability import Reliability, reliability
from training.truth import CRACK, check_known, is_known

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.records import GrayImage, RgbImage
    from training.config import DataConfig, TrainConfig
    from training.unet import UNet


ROAD_THRESHOLD = 128
"""A pixel counts as road when its answer, 0..255, is at least this: more likely road than not."""

CRACKFOREST_TRUTH = {"Segmentation": "Segmentation == 2", "Boundaries": "Boundaries > 0"}


@dataclass(frozen=True, slots=True)
class SetScore:
    """The scores of one set of pictures under one protocol.

    Attributes:
        name: Name of the data set, and of its folder or road for a score of those alone.
        pictures: How many were scored.
        protocol: Ground truth, tolerance, split and resolution.
        ods: At the threshold that is best for all pictures together.
        ois: At the best threshold of each picture.
        at_threshold: At a threshold that was fixed before, or None.
        cells: By cells (``edgecrack.cells``), at that threshold or, without one, at that of
            ``ods``; None if they were not counted.
        reliability: Whether the probability is what it says; None for an older score.
    """

    name: str
    pictures: int
    protocol: Protocol
    ods: Score
    ois: Score
    at_threshold: Score | None = None
    cells: Score | None = None
    reliability: Reliability | None = None

    @property
    def fixed(self) -> Score:
        """The score at the threshold that was fixed before, or else at that of ``ods``."""
        return self.at_threshold or self.ods

    def as_json(self) -> dict[str, Any]:
        """Return plain dictionaries; F1, precision, recall and IoU from 0 to 1."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Matches:
    """Predictions compared with their true masks.

    Attributes:
        counts: Tolerance in px -> one ``Counts`` for each picture.
        cells: The counts by cells of each picture.
        resolution: ``WIDTHxHEIGHT`` of the pictures, or ``N sizes``.
    """

    counts: dict[float, list[Counts]]
    cells: list[Counts]
    resolution: str


def held_sets(config: TrainConfig, root: Path) -> list[tuple[DataConfig, list[Pair]]]:
    """List the validation pictures of each set with ``validate_px``; reads every one once.

    Sets without crack labels need no ``validate_px``: they count false alarms.

    Raises:
        InputError: If a picture or a mask cannot be read, their sizes differ, or nothing is known
            about the pictures of a set.
    """
    validated = [
        data for data in config.data if data.validate_px is not None or not data.has_crack_labels
    ]
    sets = [(data, part_of(data, root, "validation")) for data in validated]
    sets = [(data, pairs) for data, pairs in sets if pairs]
    for data, pairs in sets:
        codes = sum(np.bincount(read_pair(pair, data)[1].ravel(), minlength=256) for pair in pairs)
        check_known(np.asarray(codes), f"the validation part of data set '{data.name}'")
    return sets


@torch.inference_mode()
def probability(net: UNet, picture: RgbImage) -> GrayImage:
    """Return the crack probability of an RGB picture, 0..255, (H, W), by ``net`` in FP32.

    It is 0 where the network answers that there is no road.
    """
    tensor = torch.from_numpy(picture.transpose(2, 0, 1).copy())[None].float() / 255
    output = torch.sigmoid(net(tensor.to(next(net.parameters()).device)).float())
    levels = (output[0] * 255).round().byte().cpu().numpy()  # (1 or 2, H, W)
    crack, *road = levels
    if road:
        crack[road[0] < ROAD_THRESHOLD] = 0
    return np.asarray(crack, np.uint8)


def predict_full(net: UNet, picture: RgbImage, truth: GrayImage, scale: float) -> GrayImage:
    """Predict at ``scale`` and enlarge the probability to the size of ``picture``."""
    small, _ = shrink(picture, truth, scale)
    prediction = probability(net, small)
    if prediction.shape == truth.shape:
        return prediction
    size = (truth.shape[1], truth.shape[0])
    return np.asarray(cv2.resize(prediction, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def count_pairs(
    net: UNet, config: DataConfig, pairs: Sequence[Pair], tolerances_px: Sequence[float]
) -> Matches:
    """Match each pair under each tolerance, at the size of the full picture."""
    counts: dict[float, list[Counts]] = {tolerance: [] for tolerance in tolerances_px}
    cells, sizes = [], set()
    for pair in pairs:
        picture, truth = read_pair(pair, config)
        sizes.add(f"{truth.shape[1]}x{truth.shape[0]}")
        prediction = predict_full(net, picture, truth, config.scale)
        for tolerance in tolerances_px:
            counts[tolerance].append(match(prediction, truth, tolerance))
        cells.append(match_cells(prediction, truth))
    return Matches(counts, cells, sizes.pop() if len(sizes) == 1 else f"{len(sizes)} sizes")


def match(prediction: GrayImage, truth: GrayImage, tolerance_px: float) -> Counts:
    """Match a prediction, 0..255, with codes of ``training.truth``, where the truth is known."""
    return count_matches(prediction, truth == CRACK, tolerance_px, is_known(truth))


def match_cells(prediction: GrayImage, truth: GrayImage) -> Counts:
    """Match a prediction by cells, where the truth is known."""
    return count_cells(prediction, truth == CRACK, is_known(truth))


def count_off_road(net: UNet, config: DataConfig, pairs: Sequence[Pair]) -> AlarmCounts:
    """Count the false alarms off the road and on paint of one picture or more, all together."""
    counts = []
    for pair in pairs:
        picture, truth = read_pair(pair, config)
        counts.append(count_alarms(predict_full(net, picture, truth, config.scale), truth))
    return sum(counts[1:], start=counts[0])


def score(
    name: str,
    counts: Sequence[Counts],
    protocol: Protocol,
    threshold: int | None = None,
    cells: Sequence[Counts] = (),
) -> SetScore:
    """Score matched pictures at their own best thresholds and, if given, at a fixed one.

    Args:
        name: What the pictures are.
        counts: Those of each picture.
        protocol: How they were taken.
        threshold: The fixed threshold, 0..255.
        cells: The counts by cells of each picture, or none.
    """
    whole = total(counts)
    fixed = None if threshold is None else whole.at(threshold)
    best = ods(counts)
    by_cells = total(cells).at((fixed or best).threshold) if cells else None
    return SetScore(
        *(name, len(counts), protocol, best, ois(counts), fixed, by_cells), reliability(whole)
    )


def protocol_of(config: DataConfig, tolerance_px: float, split: str, resolution: str) -> Protocol:
    """Return the protocol of a score on the set ``config``."""
    if config.kind == "folder":
        truth = f"{config.name} masks > {config.mask_threshold}"
        truth += " on road" if config.labelled == "road" else ""
    else:
        truth = f"{config.name} {CRACKFOREST_TRUTH[config.field]}"
    if config.scale != 1:
        resolution = f"{resolution} predicted at x{config.scale:g}"
    return Protocol(truth, tolerance_px, split, resolution)
