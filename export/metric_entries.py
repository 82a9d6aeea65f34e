"""The scores that a manifest lists: each a number with the protocol that gives it a meaning."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.manifest import MetricEntry
from export.scoring import alarms_of, score_pairs
from training.dataset import part_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from edgecrack.segmenters import Segmenter
    from training.config import DataConfig
    from training.dataset import Pair


def metrics(
    segmenter: Segmenter,
    sets: Iterable[DataConfig],
    root: Path,
    tolerances_px: Sequence[float],
) -> tuple[MetricEntry, ...]:
    """Score held pictures as a run would report them: validation and test part of each set.

    Args:
        segmenter: The network, of one input size and at its own threshold.
        sets: Sets with a split. Those with crack labels are scored by F1, the others by what is
            marked off the road and on paint.
        root: The data folder.
        tolerances_px: Tolerances of F1, beside the set's own.

    Raises:
        InputError: A picture or a mask cannot be read, or their sizes differ.
    """
    entries: list[MetricEntry] = []
    for data in sets:
        of_set = _scores if data.has_crack_labels else _alarms
        for part in ("validation", "test"):
            if pairs := part_of(data, root, part):
                entries += of_set(segmenter, data, pairs, part, tolerances_px)
    return tuple(entries)


def brief_metrics(
    segmenter: Segmenter, sets: Iterable[DataConfig], root: Path, tolerance_px: float
) -> tuple[MetricEntry, ...]:
    """Score held pictures by F1 alone, each set as a whole under one tolerance.

    Args:
        segmenter: The network, at its own threshold.
        sets: Sets with a split; those without crack labels are left out.
        root: The data folder.
        tolerance_px: Tolerance where a set has none of its own.
    """
    entries: list[MetricEntry] = []
    for data in (data for data in sets if data.has_crack_labels):
        for part in ("validation", "test"):
            if pairs := part_of(data, root, part):
                tolerances = [data.validate_px or tolerance_px]
                first = score_pairs(segmenter, data, pairs, part, tolerances).scores[0]
                protocol = f"{first.protocol}, threshold {segmenter.threshold} from validation"
                f1 = round(first.fixed.f1, 4)
                entries.append(MetricEntry(f"F1 {data.name}", f1, protocol, segmenter.precision))
    return tuple(entries)


def _scores(
    segmenter: Segmenter,
    data: DataConfig,
    pairs: Sequence[Pair],
    part: str,
    tolerances_px: Sequence[float],
) -> Iterator[MetricEntry]:
    """F1 by pixels of each tolerance, folder and road, and by cells, which need no tolerance."""
    own = [] if data.validate_px is None else [data.validate_px]
    tolerances = sorted({*tolerances_px, *own})
    threshold = f"threshold {segmenter.threshold} from validation"
    for result in score_pairs(segmenter, data, pairs, part, tolerances).scores:
        protocol = f"{result.protocol}, {threshold}"
        yield MetricEntry(
            f"F1 {result.name}", round(result.fixed.f1, 4), protocol, segmenter.precision
        )
        if result.cells and result.protocol.tolerance_px == tolerances[0]:
            cells = f"cells of a 32nd of the width, {part} ({result.pictures}), {threshold}"
            f1 = round(result.cells.f1, 4)
            yield MetricEntry(f"cell F1 {result.name}", f1, cells, segmenter.precision)


def _alarms(
    segmenter: Segmenter,
    data: DataConfig,
    pairs: Sequence[Pair],
    part: str,
    tolerances_px: Sequence[float],
) -> Iterator[MetricEntry]:
    """Shares of what is not road and of paint that are marked."""
    del tolerances_px
    marked = alarms_of(segmenter, data, pairs)
    protocol = f"share of its pixels, {part} ({len(pairs)}), threshold {marked.threshold}"
    for area, share in (("not road", marked.not_road), ("paint", marked.paint)):
        if share is not None:
            name = f"marked of {area}, {data.name}"
            yield MetricEntry(name, round(share, 6), protocol, segmenter.precision)
