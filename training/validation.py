"""How good a network is on pictures it has not learnt from, at the size of the full picture.

A picture is shrunk to the set's scale, predicted whole, and the probability is enlarged again, so
that a tolerance of 10 px means ten pixels of the camera's picture whatever the network saw.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import torch

from edgecrack.metrics import Counts, Protocol, Score, count_matches, ods, ois, total
from training.dataset import Pair, part_of, read_pair, shrink

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.records import Picture, Plane
    from training.config import DataConfig, TrainConfig
    from training.unet import UNet


CRACK = {"Segmentation": "Segmentation == 2", "Boundaries": "Boundaries > 0"}


@dataclass(frozen=True, slots=True)
class SetScore:
    """The scores of one set of pictures under one protocol."""

    name: str
    pictures: int
    protocol: Protocol
    ods: Score
    ois: Score
    at_threshold: Score | None = None

    def as_json(self) -> dict[str, Any]:
        """Return plain dictionaries; F1, precision, recall and IoU from 0 to 1."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Matches:
    """Predictions held against their truth.

    Attributes:
        counts: Tolerance in px -> one Counts a picture.
        resolution: Width x height of the pictures, or that they differ.
    """

    counts: dict[float, list[Counts]]
    resolution: str


def held_sets(config: TrainConfig, root: Path) -> list[tuple[DataConfig, list[Pair]]]:
    """List what a run is validated on, having read each picture once.

    Raises:
        InputError: If a picture or a mask cannot be read, or their sizes differ.
    """
    wanted = [data for data in config.data if data.validate_px is not None]
    held = [(data, part_of(data, root, "validation")) for data in wanted]
    for data, pairs in held:
        for pair in pairs:
            read_pair(pair, data)
    return [(data, pairs) for data, pairs in held if pairs]


@torch.inference_mode()
def probability(net: UNet, picture: Picture) -> Plane:
    """Return the crack probability of an RGB picture, 0..255, (H, W), by ``net`` in FP32."""
    tensor = torch.from_numpy(picture.transpose(2, 0, 1).copy())[None].float() / 255
    chance = torch.sigmoid(net(tensor.to(next(net.parameters()).device)).float())
    return np.asarray((chance[0, 0] * 255).round().byte().cpu().numpy(), np.uint8)


def predict_full(net: UNet, picture: Picture, mask: Plane, scale: float) -> Plane:
    """Predict at ``scale`` and enlarge the probability to the size of ``picture``."""
    small, _ = shrink(picture, mask, scale)
    chance = probability(net, small)
    if chance.shape == mask.shape:
        return chance
    size = (mask.shape[1], mask.shape[0])
    return np.asarray(cv2.resize(chance, size, interpolation=cv2.INTER_LINEAR), np.uint8)


def count_pairs(
    net: UNet, config: DataConfig, pairs: Sequence[Pair], tolerances_px: Sequence[float]
) -> Matches:
    """Match each pair under each tolerance, at the size of the full picture."""
    counts: dict[float, list[Counts]] = {tolerance: [] for tolerance in tolerances_px}
    sizes = set()
    for pair in pairs:
        picture, mask = read_pair(pair, config)
        sizes.add(f"{mask.shape[1]}x{mask.shape[0]}")
        chance = predict_full(net, picture, mask, config.scale)
        for tolerance in tolerances_px:
            counts[tolerance].append(count_matches(chance, mask, tolerance))
    return Matches(counts, sizes.pop() if len(sizes) == 1 else f"{len(sizes)} sizes")


def score(
    name: str, counts: Sequence[Counts], protocol: Protocol, threshold: int | None = None
) -> SetScore:
    """Score matched pictures at their own best thresholds and, if given, at a fixed one."""
    fixed = None if threshold is None else total(counts).at(threshold)
    return SetScore(name, len(counts), protocol, ods(counts), ois(counts), fixed)


def protocol_of(config: DataConfig, tolerance_px: float, split: str, resolution: str) -> Protocol:
    """Say what a score on ``config`` means."""
    if config.kind == "folder":
        truth = f"{config.name} masks > {config.mask_threshold}"
    else:
        truth = f"{config.name} {CRACK[config.field]}"
    seen = resolution if config.scale == 1 else f"{resolution} predicted at x{config.scale:g}"
    return Protocol(truth, tolerance_px, split, seen)
