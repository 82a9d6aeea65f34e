"""Scoring a checkpoint on one part of a data set, each score with its protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.metrics import ods
from training.dataset import part_of
from training.validation import SetScore, count_pairs, protocol_of, score

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from edgecrack.metrics import Counts
    from training.config import DataConfig
    from training.dataset import Pair
    from training.unet import UNet


def ods_threshold(net: UNet, data: DataConfig, root: Path, tolerance_px: float) -> int:
    """Return the ODS threshold (1..255) over the validation pictures of a set; 128 without any."""
    pairs = part_of(data, root, "validation")
    counts = count_pairs(net, data, pairs, [tolerance_px])[tolerance_px]
    return ods(counts).threshold if counts else 128


def evaluate(
    net: UNet,
    data: DataConfig,
    root: Path,
    part: str,
    tolerances_px: Sequence[float],
) -> list[SetScore]:
    """Score a part of a set as a whole and, if it lies in several folders, each folder.

    The fixed threshold beside ODS and OIS is the ODS threshold of the *validation* pictures under
    the same tolerance, so that the test pictures choose nothing.
    """
    pairs = part_of(data, root, part)
    counts = count_pairs(net, data, pairs, tolerances_px)
    scores = []
    for tolerance in tolerances_px:
        threshold = ods_threshold(net, data, root, tolerance)
        for name, chosen in _groups(data, pairs, counts[tolerance]).items():
            protocol = protocol_of(data, tolerance, part, len(chosen))
            scores.append(score(name, chosen, protocol, threshold))
    return scores


def _groups(
    data: DataConfig, pairs: Sequence[Pair], counts: Sequence[Counts]
) -> Mapping[str, list[Counts]]:
    """Sort the counts into the whole set and, where there are several, its folders."""
    groups: dict[str, list[Counts]] = {data.name: list(counts)}
    if len(data.images) > 1:
        for pair, each in zip(pairs, counts, strict=True):
            folder = pair.picture.parent
            view = folder.parent.name if folder.name == "Raw_images" else folder.name
            groups.setdefault(f"{data.name} {view}", []).append(each)
    return groups
