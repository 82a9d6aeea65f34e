"""The evaluation of one part of a data set: scores of the whole, and of each folder and road."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.errors import InputError
from edgecrack.metrics import ods
from training.dataset import part_of
from training.grouping import groups
from training.scoring import count_off_road, count_pairs, protocol_of, score

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.alarms import Alarms
    from training.config import DataConfig
    from training.dataset import Pair
    from training.scoring import Matches, SetScore
    from training.unet import UNet


def ods_thresholds(
    net: UNet, data: DataConfig, root: Path, tolerances_px: Sequence[float]
) -> dict[float, int]:
    """Return tolerance -> ODS threshold (1..255) on the validation pictures; empty without any."""
    pairs = part_of(data, root, "validation")
    return _thresholds(count_pairs(net, data, pairs, tolerances_px)) if pairs else {}


def _thresholds(matches: Matches) -> dict[float, int]:
    return {tolerance: ods(counts).threshold for tolerance, counts in matches.counts.items()}


def ods_threshold(net: UNet, data: DataConfig, root: Path, tolerance_px: float) -> int:
    """Return the ODS threshold (1..255) over the validation pictures of a set; 128 without any."""
    return ods_thresholds(net, data, root, [tolerance_px]).get(tolerance_px, 128)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """One part of a set, with all that its scores and charts are made from.

    Attributes:
        data: The data set.
        pairs: Its pictures.
        matches: What was counted on each.
        scores: For each tolerance, of the whole part and of each folder and road.
    """

    data: DataConfig
    pairs: list[Pair]
    matches: Matches
    scores: list[SetScore]

    @property
    def whole(self) -> SetScore:
        """The score of the whole part under the first tolerance."""
        return self.scores[0]


def evaluate(
    net: UNet,
    data: DataConfig,
    root: Path,
    part: str,
    tolerances_px: Sequence[float],
    threshold: int | None = None,
) -> Evaluation:
    """Score a part of a set as a whole and, if it has several, each folder and each road.

    The fixed threshold beside ODS and OIS is ``threshold`` (1..255) or, without it, the ODS
    threshold of the *validation* pictures under the same tolerance, so that nothing is chosen on
    the test pictures; without validation pictures ``at_threshold`` is None then. Each picture is
    predicted once.

    Raises:
        InputError: If the part holds no picture, or one cannot be read.
        ConfigError: If ``data.group`` is not in an id.
    """
    pairs = _pictures_of(data, root, part)
    matches = count_pairs(net, data, pairs, tolerances_px)
    if threshold is not None:
        thresholds = dict.fromkeys(tolerances_px, threshold)
    elif part == "validation":
        thresholds = _thresholds(matches)
    else:
        thresholds = ods_thresholds(net, data, root, tolerances_px)
    scores = []
    cells = groups(data, pairs, matches.cells)
    for tolerance in tolerances_px:
        for name, counts in groups(data, pairs, matches.counts[tolerance]).items():
            split = f"{part} ({len(counts)})"
            protocol = protocol_of(data, tolerance, split, matches.resolution)
            scores.append(score(name, counts, protocol, thresholds.get(tolerance), cells[name]))
    return Evaluation(data, pairs, matches, scores)


@dataclass(frozen=True, slots=True)
class SetAlarms:
    """The false alarms on one part of a set without crack labels.

    Attributes:
        name: Name of the data set.
        part: Which part.
        pictures: How many it has.
        alarms: The marked shares.
    """

    name: str
    part: str
    pictures: int
    alarms: Alarms


def alarms_of(net: UNet, data: DataConfig, root: Path, part: str, threshold: int) -> SetAlarms:
    """Count the false alarms on a part of a set at ``threshold`` (0..255).

    Raises:
        InputError: If the part holds no picture, or one cannot be read.
    """
    pairs = _pictures_of(data, root, part)
    return SetAlarms(data.name, part, len(pairs), count_off_road(net, data, pairs).at(threshold))


def _pictures_of(data: DataConfig, root: Path, part: str) -> list[Pair]:
    pairs = part_of(data, root, part)
    if not pairs:
        raise InputError(f"data set '{data.name}' has no {part} pictures; choose another part.")
    return pairs
