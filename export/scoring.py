"""The score of a bundle as it ships: own network, threshold and input size, held-out pictures.

``edgecrack-train evaluate`` scores a checkpoint through torch; this scores what the vehicle runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import InputError, UsageError
from edgecrack.letterbox import best_input
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.segmenters.picture import picture_answer
from training.alarms import count_alarms
from training.config import parse_config
from training.dataset import part_of, read_pair
from training.grouping import groups
from training.scoring import match, match_cells, protocol_of, score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.bundle import Bundle
    from edgecrack.metrics import Counts
    from edgecrack.segmenters import Segmenter
    from training.alarms import Alarms
    from training.config import DataConfig
    from training.dataset import Pair
    from training.scoring import SetScore


@dataclass(frozen=True, slots=True)
class Scored:
    """The result on some pictures.

    Attributes:
        scores: One for each tolerance and group of pictures.
        alarms: What is marked off the road and on paint; None without area masks.
    """

    scores: list[SetScore]
    alarms: Alarms | None


def score_bundle(
    bundle: Bundle, root: Path, set_name: str | None, part: str, tolerances_px: Sequence[float]
) -> list[SetScore]:
    """Score a bundle at its own threshold on one part of a set that it was trained with.

    Args:
        bundle: What to score.
        root: Where the data lies.
        set_name: The data set; None is the first with a split.
        part: ``validation`` or ``test``.
        tolerances_px: Reach of a match, in pixels of the full picture.

    Raises:
        UsageError: The bundle was not trained with such a set.
        InputError: The pictures are not there.
    """
    data = _set(bundle, set_name)
    pairs = part_of(data, root, part)
    if not pairs:
        raise InputError(f"data set '{data.name}' has no {part} pictures; choose another part.")
    segmenter = segmenter_of(bundle, pairs[0], data)
    return score_pairs(segmenter, data, pairs, part, tolerances_px).scores


def segmenter_of(bundle: Bundle, first: Pair, data: DataConfig) -> Segmenter:
    """Return the network that a run takes: of the size which the first picture fills best."""
    height_px, width_px, _ = read_pair(first, data)[0].shape
    size_px = best_input((width_px, height_px), bundle.manifest.sizes_px)
    return load_segmenter(bundle, ModelSpec(size_px=size_px))


def score_pairs(
    segmenter: Segmenter,
    data: DataConfig,
    pairs: Sequence[Pair],
    part: str,
    tolerances_px: Sequence[float],
) -> Scored:
    """Score a network at its own threshold; pictures reach it as in a run, their aspect kept.

    Args:
        segmenter: The network.
        data: What the pictures are of; its ``scale`` is not used.
        pairs: Pictures and masks, at least one.
        part: What they are, for the protocol.
        tolerances_px: Reach of a match, in pixels of the full picture.

    Raises:
        InputError: A picture or a mask cannot be read, or their sizes differ.
    """
    counts: dict[float, list[Counts]] = {tolerance: [] for tolerance in tolerances_px}
    resolutions, alarms, cells = set(), [], []
    for pair in pairs:
        picture, truth = read_pair(pair, data)
        resolutions.add(f"{truth.shape[1]}x{truth.shape[0]}")
        probability = picture_answer(segmenter, picture).probability
        alarms.append(count_alarms(probability, truth))
        cells.append(match_cells(probability, truth))
        for tolerance in tolerances_px:
            counts[tolerance].append(match(probability, truth, tolerance))
    resolution = resolutions.pop() if len(resolutions) == 1 else f"{len(resolutions)} sizes"
    sizes = f"{resolution} predicted at {segmenter.width_px}x{segmenter.height_px}"
    whole = data.model_copy(update={"scale": 1.0})  # the size it was predicted at is in ``sizes``
    cells_of = groups(data, pairs, cells)
    scores = []
    for tolerance in tolerances_px:
        for name, of_group in groups(data, pairs, counts[tolerance]).items():
            protocol = protocol_of(whole, tolerance, f"{part} ({len(of_group)})", sizes)
            scores.append(score(name, of_group, protocol, segmenter.threshold, cells_of[name]))
    marked = sum(alarms[1:], start=alarms[0]).at(segmenter.threshold) if data.areas else None
    return Scored(scores, marked)


def alarms_of(segmenter: Segmenter, data: DataConfig, pairs: Sequence[Pair]) -> Alarms:
    """Count what a network marks, at its own threshold, off the road and on paint.

    Args:
        segmenter: The network.
        data: What the pictures are of, with area masks.
        pairs: Pictures and area masks, at least one.

    Raises:
        InputError: A picture or a mask cannot be read, or their sizes differ.
    """
    counts = []
    for pair in pairs:
        picture, truth = read_pair(pair, data)
        counts.append(count_alarms(picture_answer(segmenter, picture).probability, truth))
    return sum(counts[1:], start=counts[0]).at(segmenter.threshold)


def _set(bundle: Bundle, set_name: str | None) -> DataConfig:
    config = parse_config(bundle.manifest.provenance.config, f"bundle {bundle.path}")
    known = [data for data in config.data if data.split and data.has_crack_labels]
    for data in known:
        if set_name in {None, data.name}:
            return data
    names = ", ".join(f"'{data.name}'" for data in known) or "no set with a split"
    raise UsageError(f"bundle {bundle.path} was trained with {names}, not with '{set_name}'.")
