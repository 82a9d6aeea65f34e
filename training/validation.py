"""The validation of an epoch: the scores of each set, and one number that says which epoch is best.

A vehicle has one threshold for all roads, so the epoch's quality is taken at one threshold t::

    quality = max over t of [ mean over crack sets of F1(t) - 100 mean over street sets of A(t) ]

F1(t) is under each set's own tolerance, and A(t) is the share of known pixels of a set without
crack labels (not road, or paint) that is marked. So marking 0.01 % of what is not road costs as
much as one point of F1 in a hundred.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from edgecrack.metrics import LEVELS, total
from training.scoring import count_off_road, count_pairs, protocol_of, score

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.metrics import Counts
    from training.alarms import AlarmCounts, Alarms
    from training.config import DataConfig
    from training.dataset import Pair
    from training.unet import UNet

ALARM_WEIGHT = 100.0


@dataclass(frozen=True, slots=True)
class Validation:
    """The results on the validation pictures.

    Attributes:
        scores: Name of each set with crack labels -> its scores, JSON-like.
        alarms: Name of each set without them -> its shares of marked pixels at ``threshold``.
        quality: What decides which epoch is best; None without a set with crack labels.
        threshold: The threshold, 1..255, that has this quality; None like it.
    """

    scores: dict[str, Any] = field(default_factory=dict)
    alarms: dict[str, Alarms] = field(default_factory=dict)
    quality: float | None = None
    threshold: int | None = None


def validate(net: UNet, sets: Sequence[tuple[DataConfig, Sequence[Pair]]]) -> Validation:
    """Score ``net`` on the validation pictures of each set."""
    scores: dict[str, Any] = {}
    cracks: list[Counts] = []
    streets: dict[str, AlarmCounts] = {}
    for data, pairs in sets:
        if not data.has_crack_labels:
            streets[data.name] = count_off_road(net, data, pairs)
            continue
        tolerance = data.validate_px or 0.0
        matches = count_pairs(net, data, pairs, [tolerance])
        counts = matches.counts[tolerance]
        protocol = protocol_of(data, tolerance, f"validation ({len(pairs)})", matches.resolution)
        scores[data.name] = score(data.name, counts, protocol, None, matches.cells).as_json()
        cracks.append(total(counts))
    if not cracks:
        return Validation()
    threshold, quality = best_threshold(cracks, list(streets.values()))
    alarms = {name: counts.at(threshold) for name, counts in streets.items()}
    return Validation(scores, alarms, quality, threshold)


def best_threshold(cracks: Sequence[Counts], streets: Sequence[AlarmCounts]) -> tuple[int, float]:
    """Return the threshold, 1..255, of the highest quality, the lowest if equal, and the quality.

    Args:
        cracks: The counts of each set with crack labels, at least one.
        streets: Those of each set without.
    """

    def quality(threshold: int) -> float:
        f1 = np.mean([counts.at(threshold).f1 for counts in cracks])
        marked = np.mean([counts.share(threshold) for counts in streets]) if streets else 0.0
        return float(f1 - ALARM_WEIGHT * marked)

    best = max(range(1, LEVELS), key=quality)
    return best, quality(best)
