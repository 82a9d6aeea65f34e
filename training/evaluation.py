"""Scoring a checkpoint on one part of a data set, each score with its protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import InputError
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


def ods_thresholds(
    net: UNet, data: DataConfig, root: Path, tolerances_px: Sequence[float]
) -> dict[float, int]:
    """Return tolerance -> ODS threshold (1..255) on the validation pictures; empty without any."""
    pairs = part_of(data, root, "validation")
    if not pairs:
        return {}
    counts = count_pairs(net, data, pairs, tolerances_px).counts
    return {tolerance: ods(counts[tolerance]).threshold for tolerance in tolerances_px}


def ods_threshold(net: UNet, data: DataConfig, root: Path, tolerance_px: float) -> int:
    """Return the ODS threshold (1..255) over the validation pictures of a set; 128 without any."""
    return ods_thresholds(net, data, root, [tolerance_px]).get(tolerance_px, 128)


def evaluate(
    net: UNet,
    data: DataConfig,
    root: Path,
    part: str,
    tolerances_px: Sequence[float],
) -> list[SetScore]:
    """Score a part of a set as a whole and, if it lies in several folders, each folder.

    The fixed threshold beside ODS and OIS is the ODS threshold of the *validation* pictures under
    the same tolerance, so that the test pictures choose nothing; None if there are none.

    Raises:
        InputError: If the part holds no picture, or one cannot be read.
    """
    pairs = part_of(data, root, part)
    if not pairs:
        raise InputError(f"data set '{data.name}' has no {part} pictures; choose another part.")
    matches = count_pairs(net, data, pairs, tolerances_px)
    thresholds = ods_thresholds(net, data, root, tolerances_px)
    scores = []
    for tolerance in tolerances_px:
        for name, chosen in groups(data, pairs, matches.counts[tolerance]).items():
            split = f"{part} ({len(chosen)})"
            protocol = protocol_of(data, tolerance, split, matches.resolution)
            scores.append(score(name, chosen, protocol, thresholds.get(tolerance)))
    return scores


def groups(
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
