"""How one answer of a network to a golden frame compares with what the bundle promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from edgecrack.errors import BundleError
from edgecrack.metrics import mask_iou
from edgecrack.models.golden_files import decode_picture, decode_plane

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import GoldenEntry, ModelEntry
    from edgecrack.records import GrayImage
    from edgecrack.segmenters import Segmenter


@dataclass(frozen=True, slots=True)
class GoldenResult:
    """How one answer to one golden frame came out.

    Attributes:
        kind: ``crack``, ``clean`` or ``dark``.
        answer: Output of the network: ``probability`` or ``road``.
        worst_levels: Largest difference from what is expected, in 1/255.
        mask_iou: IoU with the expected mask.
        inside_both_px: Pixels in both masks.
        inside_either_px: Pixels in one of them or in both.
        passed: Whether the levels are within the manifest's tolerance. Masks are judged together
            (`pooled_iou`): in a frame that shows next to no crack a few pixels are all of it.
        refuses_zeros: Whether a network that answers 0 everywhere would not pass.
    """

    kind: str
    answer: str
    worst_levels: int
    mask_iou: float
    inside_both_px: int
    inside_either_px: int
    passed: bool
    refuses_zeros: bool


def pooled_iou(results: Iterable[GoldenResult]) -> float:
    """Return the IoU of the masks of several frames taken together; 1 if all are empty."""
    pairs = [(result.inside_both_px, result.inside_either_px) for result in results]
    both_px, either_px = (sum(column) for column in zip(*pairs, strict=True)) if pairs else (0, 0)
    return both_px / either_px if either_px else 1.0


def compare(
    bundle: Bundle, network: ModelEntry, golden: GoldenEntry, segmenter: Segmenter
) -> Iterator[GoldenResult]:
    """Yield how each answer to a golden frame compares with what is expected.

    Args:
        bundle: Where the frame is from.
        network: Whose tolerances hold.
        golden: The frame.
        segmenter: What runs the network.

    Raises:
        BundleError: The frame or what is expected cannot be read.
    """
    frame = decode_picture(bundle.read(golden.frame), golden.frame)
    answers = segmenter.answer(frame).planes
    for output, threshold in bundle.manifest.thresholds.items():
        file = golden.answers[output]
        expected = decode_plane(bundle.read(file), file)
        if expected.shape != answers[output].shape:
            raise BundleError(f"{file} must be as large as the answer, {answers[output].shape}.")
        yield _result(golden.kind, output, answers[output], expected, threshold, network.max_levels)


def _result(
    kind: str,
    output: str,
    answer: GrayImage,
    expected: GrayImage,
    threshold: int,
    max_levels: int,
) -> GoldenResult:
    worst = int(np.abs(answer.astype(np.int16) - expected).max())
    found, wanted = answer >= threshold, expected >= threshold
    return GoldenResult(
        kind=kind,
        answer=output,
        worst_levels=worst,
        mask_iou=round(mask_iou(found, wanted), 6),
        inside_both_px=int((found & wanted).sum()),
        inside_either_px=int((found | wanted).sum()),
        passed=worst <= max_levels,
        refuses_zeros=bool(wanted.any()) or int(expected.max()) > max_levels,
    )
