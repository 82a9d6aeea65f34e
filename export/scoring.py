"""The score of a bundle as it ships: own network, threshold and input size, held-out pictures.

``edgecrack-train evaluate`` scores a checkpoint through torch; this scores what the vehicle runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import UsageError
from edgecrack.segmenters import load_segmenter
from edgecrack.segmenters.picture import picture_probability
from training.config import parse_config
from training.dataset import part_of, read_pair
from training.scoring import groups, match, protocol_of, score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.bundle import Bundle
    from edgecrack.metrics import Counts
    from training.config import DataConfig
    from training.scoring import SetScore


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
    segmenter, pairs = load_segmenter(bundle), part_of(data, root, part)
    counts: dict[float, list[Counts]] = {tolerance: [] for tolerance in tolerances_px}
    resolution = ""
    for pair in pairs:
        picture, truth = read_pair(pair, data)
        resolution = f"{truth.shape[1]}x{truth.shape[0]}"
        probability = picture_probability(segmenter, picture)
        for tolerance in tolerances_px:
            counts[tolerance].append(match(probability, truth, tolerance))
    sizes = f"{resolution} predicted at {segmenter.width_px}x{segmenter.height_px}"
    whole = data.model_copy(update={"scale": 1.0})  # the size it was predicted at is in ``sizes``
    return [
        score(
            name,
            of_group,
            protocol_of(whole, tolerance, f"{part} ({len(of_group)})", sizes),
            segmenter.threshold,
        )
        for tolerance in tolerances_px
        for name, of_group in groups(data, pairs, counts[tolerance]).items()
    ]


def _set(bundle: Bundle, set_name: str | None) -> DataConfig:
    config = parse_config(bundle.manifest.provenance.config, f"bundle {bundle.path}")
    known = [data for data in config.data if data.split and data.has_crack_labels]
    for data in known:
        if set_name in {None, data.name}:
            return data
    names = ", ".join(f"'{data.name}'" for data in known) or "no set with a split"
    raise UsageError(f"bundle {bundle.path} was trained with {names}, not with '{set_name}'.")
