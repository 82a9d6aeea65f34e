"""A network that computes in less than FP32 must find the same cracks, or it is not exported."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.errors import NotHealthyError
from edgecrack.manifest import AGREEMENT, MetricEntry
from edgecrack.mask import on_road
from edgecrack.metrics import mask_iou
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.segmenters.backends import BACKENDS, REFERENCE_PRECISION, leaf, problem
from edgecrack.segmenters.picture import as_input
from edgecrack.synthetic.golden import golden_set
from export.metric_entries import brief_metrics
from export.parity import HALF_MIN_MASK_IOU
from training.dataset import part_of, read_pair

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from edgecrack.bundle import Bundle
    from edgecrack.records import RgbImage
    from edgecrack.segmenters import Segmenter
    from edgecrack.synthetic.golden import Golden
    from training.config import DataConfig

MOST_LOST = 0.005
"""What a precision may lose against FP32, of 1: half a point."""

LEAST_AGREEMENT = {"fp16": HALF_MIN_MASK_IOU}
"""Precision -> smallest mask IoU with FP32 on validation pictures. Others are told of by their
score, and ``auto`` leaves them alone where it is low."""

PICTURES_OF_A_SET = 20
"""Validation pictures of each set on which masks are compared with FP32's."""


@dataclass(frozen=True, slots=True)
class Quality:
    """What a network of some precision finds.

    Attributes:
        precision: Its precision.
        golden_iou: IoU with the true cracks of all golden frames together, 0 to 1.
        validation_f1: Mean F1 over the validation pictures of all sets, 0 to 1.
        entries: Its scores.
    """

    precision: str
    golden_iou: float
    validation_f1: float
    entries: tuple[MetricEntry, ...]


def measure_quality(
    bundle: Bundle, sets: Sequence[DataConfig], root: Path, tolerance_px: float
) -> tuple[Quality, ...]:
    """Score every precision of a bundle that can be run here, at the default size; FP32 first.

    Args:
        bundle: Networks and threshold.
        sets: Sets with a split; those without crack labels are left out.
        root: The data folder.
        tolerance_px: Tolerance where a set has none of its own.
    """
    qualities = []
    size_px = bundle.manifest.sizes_px[0]
    pictures = validation_pictures(sets, root, size_px)
    golden = [*golden_set(*size_px).values()]
    with closing(load_segmenter(bundle, ModelSpec(size_px=size_px), live=True)) as fp32:
        expected = [_mask(fp32, picture) for picture in pictures]
    for precision in bundle.manifest.precisions:
        backend = _backend_for(precision)
        if backend is None:  # BF16 where the processor has none
            continue
        spec = ModelSpec(backend=backend, precision=precision, size_px=size_px)
        with closing(load_segmenter(bundle, spec, live=True)) as segmenter:
            entries = tuple(_of(precision, brief_metrics(segmenter, sets, root, tolerance_px)))
            held = [entry.value for entry in entries if ", validation (" in entry.protocol]
            f1 = float(np.mean(held)) if held else 0.0
            if precision != REFERENCE_PRECISION:
                entries += (_agreement(segmenter, precision, pictures, expected),)
            qualities.append(Quality(precision, _golden_iou(segmenter, golden), f1, entries))
    return tuple(qualities)


def validation_pictures(
    sets: Sequence[DataConfig], root: Path, size_px: tuple[int, int]
) -> list[RgbImage]:
    """Return some validation pictures of each set with crack labels, as a run shows them.

    Args:
        sets: Sets with a split.
        root: The data folder.
        size_px: Width and height of the network's input.

    Raises:
        InputError: A picture cannot be read.
    """
    return [
        as_input(read_pair(pair, data)[0], size_px)
        for data in sets
        if data.has_crack_labels
        for pair in part_of(data, root, "validation")[:PICTURES_OF_A_SET]
    ]


def _agreement(
    segmenter: Segmenter,
    precision: str,
    pictures: Sequence[RgbImage],
    expected: Sequence[np.ndarray],
) -> MetricEntry:
    masks = np.stack([_mask(segmenter, picture) for picture in pictures])
    size = f"{segmenter.width_px}x{segmenter.height_px}"
    protocol = (
        f"masks of {len(pictures)} validation pictures together, at {size}, threshold "
        f"{segmenter.threshold} from validation"
    )
    return MetricEntry(
        AGREEMENT, round(mask_iou(masks, np.stack(expected)), 4), protocol, precision
    )


def _mask(segmenter: Segmenter, picture: RgbImage) -> np.ndarray:
    """Return where there is crack on the road, as a run marks it."""
    answer = segmenter.answer(picture)
    return on_road(answer, segmenter.road_threshold) >= segmenter.threshold


def require_quality(qualities: Sequence[Quality]) -> None:
    """Refuse precisions that find fewer cracks than FP32, the first of ``qualities``.

    Raises:
        NotHealthyError: One loses more than half a point of F1 or of golden IoU, or FP16 more than
            half a point of agreement.
    """
    reference = qualities[0]
    for each in qualities[1:]:
        for what, own, full in (
            ("F1 on validation pictures", each.validation_f1, reference.validation_f1),
            ("IoU with the cracks of the golden frames", each.golden_iou, reference.golden_iou),
        ):
            if own < full - MOST_LOST:
                raise NotHealthyError(
                    f"{each.precision} must keep {what} within {100 * MOST_LOST:g} points of "
                    f"fp32's {100 * full:.1f}, but has {100 * own:.1f}; leave it out with "
                    "--precision, or train longer. Nothing was written."
                )
        _require_agreement(each)


def _require_agreement(quality: Quality) -> None:
    least = LEAST_AGREEMENT.get(quality.precision, 0.0)
    stated = (entry for entry in quality.entries if entry.name == AGREEMENT)
    for entry in stated:
        if entry.value < least:
            raise NotHealthyError(
                f"{quality.precision} must give FP32's masks with an IoU of at least {least}, but "
                f"on {entry.protocol} gives {entry.value}; leave it out with --precision, or "
                "train longer. Nothing was written."
            )


def _backend_for(precision: str) -> str | None:
    """Return the first backend that runs a precision here, or None."""
    able = (name for name in BACKENDS if problem(name) is None)
    return next((name for name in able if leaf(name).refusal(precision) is None), None)


def _of(precision: str, entries: Iterable[MetricEntry]) -> Iterator[MetricEntry]:
    """Name the precision as the bundle does: INT8 files for TensorRT are INT8 when inspected."""
    for entry in entries:
        yield type(entry)(entry.name, entry.value, entry.protocol, precision)


def _golden_iou(segmenter: Segmenter, golden: Sequence[Golden]) -> float:
    """Return the IoU with the true cracks of golden frames of the segmenter's size."""
    masks = [_mask(segmenter, frame.picture) for frame in golden]
    return mask_iou(np.stack(masks), np.stack([frame.mask > 0 for frame in golden]))
