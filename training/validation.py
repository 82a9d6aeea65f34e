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
from training.dataset import Pair, read_pair, shrink

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from edgecrack.records import Picture, Plane
    from training.config import DataConfig
    from training.unet import UNet

Predictor = "Callable[[Picture], Plane]"


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
    net: UNet, config: DataConfig, pairs: Iterable[Pair], tolerances_px: Sequence[float]
) -> dict[float, list[Counts]]:
    """Match each pair under each tolerance; returns tolerance -> one Counts a picture."""
    counts: dict[float, list[Counts]] = {tolerance: [] for tolerance in tolerances_px}
    for pair in pairs:
        picture, mask = read_pair(pair, config)
        chance = predict_full(net, picture, mask, config.scale)
        for tolerance in tolerances_px:
            counts[tolerance].append(count_matches(chance, mask, tolerance))
    return counts


def score(
    name: str, counts: Sequence[Counts], protocol: Protocol, threshold: int | None = None
) -> SetScore:
    """Score matched pictures at their own best thresholds and, if given, at a fixed one."""
    fixed = None if threshold is None else total(counts).at(threshold)
    return SetScore(name, len(counts), protocol, ods(counts), ois(counts), fixed)


def protocol_of(config: DataConfig, tolerance_px: float, part: str, pictures: int) -> Protocol:
    """Say what a score on ``config`` means."""
    truth = f"{config.name} {config.field}" if config.kind == "crackforest" else f"{config.name} masks"
    seen = "full picture" if config.scale == 1 else f"full picture, predicted at x{config.scale:g}"
    return Protocol(truth, tolerance_px, f"{part} ({pictures})", seen)
