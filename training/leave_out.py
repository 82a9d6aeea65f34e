"""How well a recipe does on roads it has never seen: trained without a data set, scored on it.

What is left out is a data set with crack labels, or one road of a set that has a ``group``. Its
pictures are in no training or validation part, under whatever name another set lists them, so that
neither a crop, nor a crack that is pasted, nor the choice of the epoch and of the threshold has
seen one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgecrack.errors import ConfigError
from training.checkpoint import load_checkpoint
from training.dataset import find_pairs, split_of
from training.grouping import group_of
from training.scoring import count_pairs, protocol_of, score
from training.shipped import start_path
from training.split import listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from training.checkpoint import Checkpoint
    from training.config import DataConfig, TrainConfig
    from training.dataset import Pair
    from training.scoring import SetScore


@dataclass(frozen=True, slots=True)
class LeftOut:
    """What a run must not see.

    Attributes:
        name: Name of the set, and of the road for a road alone.
        data: The set.
        pairs: The pictures that are left out.
        judged: Those of them that the run is scored on.
        part: Which they are: ``validation`` or ``test``, or ``all`` where there are none of the
            part that was asked for.
    """

    name: str
    data: DataConfig
    pairs: tuple[Pair, ...]
    judged: tuple[Pair, ...]
    part: str


@dataclass(frozen=True, slots=True)
class LeaveOutScore:
    """The score of a run on what it has not seen.

    Attributes:
        left_out: At the threshold that was chosen on the validation pictures of the other sets.
        in_domain: Of a run that has trained on the set, on the same pictures, which it has not
            trained on; None without such a run.
    """

    left_out: SetScore
    in_domain: SetScore | None

    @property
    def share(self) -> float | None:
        """F1 on the unseen over F1 in domain; None without the latter."""
        if self.in_domain is None or not self.in_domain.fixed.f1:
            return None
        return self.left_out.fixed.f1 / self.in_domain.fixed.f1

    def as_json(self) -> dict[str, Any]:
        """Return plain dictionaries; F1, precision, recall and IoU from 0 to 1."""
        in_domain = self.in_domain and self.in_domain.as_json()
        return {
            "name": self.left_out.name,
            "left_out": self.left_out.as_json(),
            "in_domain": in_domain,
            "share": self.share,
        }


def all_left_out(config: TrainConfig, root: Path, part: str) -> list[LeftOut]:
    """List what can be left out: each set that trains on crack labels, and each of its roads.

    A road that is not trained on is not in the list, nor is one that is alone in its set.

    Args:
        config: The configuration of the whole run.
        root: The data folder.
        part: The part to score on, ``validation`` or ``test``.

    Raises:
        InputError: If a folder cannot be read.
        ConfigError: If ``group`` is not in an id of its set.
    """
    found = []
    for data in config.data:
        if not (data.has_crack_labels and data.weight):
            continue
        pairs, parts = _parts(data, root)
        roads = sorted({road for pair in pairs if (road := group_of(data, pair)) is not None})
        names = {data.name: pairs}
        if len(roads) > 1:
            names |= {
                f"{data.name} {road}": [pair for pair in pairs if group_of(data, pair) == road]
                for road in roads
            }
        for name, of_name in names.items():
            if any(parts[pair.name] == "train" for pair in of_name):
                judged = tuple(pair for pair in of_name if parts[pair.name] == part)
                shown = part if judged else "all"
                found.append(LeftOut(name, data, tuple(of_name), judged or tuple(of_name), shown))
    return found


def _parts(data: DataConfig, root: Path) -> tuple[list[Pair], dict[str, str]]:
    """Return the pictures of a set, and id -> part."""
    pairs = find_pairs(data, root)
    if data.split is None:
        return pairs, {pair.name: "train" for pair in pairs}
    return pairs, split_of(data, data.split, pairs, root)


def without(config: TrainConfig, root: Path, left_out: LeftOut) -> TrainConfig:
    """Return ``config`` without any of the pictures that are left out.

    A set that keeps other pictures has those that are left out in its test part, which no run
    trains on or is validated with.

    Raises:
        ConfigError: If nothing is left, or the start of the run may have seen them.
        InputError: If a folder, or the start, cannot be read.
    """
    files = {pair.picture.resolve() for pair in left_out.pairs}
    kept = [_rest_of(data, root, files) for data in config.data]
    sets = tuple(data for data in kept if data is not None)
    if not any(data.has_crack_labels for data in sets):
        raise ConfigError(
            f"'{config.name}' has no set with crack labels but '{left_out.data.name}', which is "
            "to be left out; add another."
        )
    if config.start is not None:
        _check_start(config.start, root, left_out)
    name = f"{config.name} without {left_out.name}"
    return config.model_copy(update={"name": name, "data": sets})


def _rest_of(data: DataConfig, root: Path, files: set[Path]) -> DataConfig | None:
    """Return a set without the pictures in ``files``; None if it has no other."""
    pairs, parts = _parts(data, root)
    gone = {pair.name for pair in pairs if pair.picture.resolve() in files}
    if not gone:
        return data
    if gone == {pair.name for pair in pairs}:
        return None
    return data.model_copy(update={"split": listed({**parts, **dict.fromkeys(gone, "test")})})


def _check_start(start: str, root: Path, left_out: LeftOut) -> None:
    """Refuse a start that was trained on the set, under its name or from its folders."""
    checkpoint = load_checkpoint(start_path(start))
    names = {entry.get("name") for entry in checkpoint.data}
    folders = {root / images for data in checkpoint.config.data for images in data.images}
    own = {pair.picture.parent.resolve() for pair in left_out.pairs}
    if left_out.data.name in names or own & {folder.resolve() for folder in folders}:
        raise ConfigError(
            f"start = '{start}' has trained on '{left_out.data.name}', which is to be left out; "
            "remove start, or name another with --set."
        )


def score_left_out(checkpoint: Checkpoint, left_out: LeftOut) -> SetScore:
    """Score a network on what is left out, at the threshold that its run has chosen.

    Raises:
        InputError: If a picture cannot be read, or the weights do not fit their network.
    """
    data, pairs = left_out.data, left_out.judged
    tolerance_px = data.validate_px or 0.0
    matches = count_pairs(checkpoint.network(), data, pairs, [tolerance_px])
    split = f"{left_out.part} ({len(pairs)})"
    protocol = protocol_of(data, tolerance_px, split, matches.resolution)
    threshold = checkpoint.metrics.get("threshold") or 128
    counts = matches.counts[tolerance_px]
    return score(left_out.name, counts, protocol, threshold, matches.cells)


def has_not_trained_on(whole: Checkpoint, root: Path, judged: Sequence[Pair]) -> bool:
    """Tell whether a run knows the set of some pictures but has trained on none of them."""
    files = {pair.picture.resolve() for pair in judged}
    parts_of_judged = {
        parts[pair.name]
        for pairs, parts in (_parts(data, root) for data in whole.config.data if data.weight)
        for pair in pairs
        if pair.picture.resolve() in files
    }
    return bool(parts_of_judged) and "train" not in parts_of_judged
