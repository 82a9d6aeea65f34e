"""The proof that exported networks are the trained one: same pictures, same answers."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.errors import NotHealthyError
from edgecrack.segmenters import ModelSpec, load_segmenter
from export.torch_segmenter import TorchSegmenter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry
    from edgecrack.records import GrayImage, RgbImage
    from training.unet import UNet

MAX_LEVELS = 2
MIN_MASK_IOU = 0.999


@dataclass(frozen=True, slots=True)
class Parity:
    """How far one answer of one network of a bundle is from torch over some pictures.

    Attributes:
        network: The network file, and the size it was run at.
        answer: Output of the network: ``probability`` or ``road``.
        pictures: How many were compared.
        worst_levels: Largest difference, in 1/255.
        mask_iou: IoU of all masks taken together.
    """

    network: str
    answer: str
    pictures: int
    worst_levels: int
    mask_iou: float


def compare(net: UNet, bundle: Bundle, pictures: Sequence[RgbImage]) -> tuple[Parity, ...]:
    """Run pictures, squeezed to each size of the bundle, through torch and through FP32.

    Args:
        net: The trained network.
        bundle: What was exported from it.
        pictures: uint8 (H, W, 3), of any size.

    Returns:
        One comparison for each answer of the FP32 network of each size.

    Raises:
        BundleError: A network cannot be loaded or run.
    """
    return tuple(
        parity
        for network in bundle.networks("fp32")
        for parity in _parities(net, bundle, network, pictures)
    )


class _Difference:
    """The difference of one answer, summed up picture by picture."""

    def __init__(self, threshold: int) -> None:
        self._threshold, self.worst_levels = threshold, 0
        self._inside_both = self._inside_either = 0

    def add(self, answer: GrayImage, expected: GrayImage) -> None:
        levels = np.abs(answer.astype(np.int16) - expected)
        self.worst_levels = max(self.worst_levels, int(levels.max()))
        masks = answer >= self._threshold, expected >= self._threshold
        self._inside_both += int((masks[0] & masks[1]).sum())
        self._inside_either += int((masks[0] | masks[1]).sum())

    @property
    def mask_iou(self) -> float:
        return self._inside_both / self._inside_either if self._inside_either else 1.0


def _parities(
    net: UNet, bundle: Bundle, network: ModelEntry, pictures: Sequence[RgbImage]
) -> Iterator[Parity]:
    thresholds = bundle.manifest.thresholds
    differences = {answer: _Difference(threshold) for answer, threshold in thresholds.items()}
    trained = TorchSegmenter(net, *network.size_px, bundle.manifest.threshold)
    spec = ModelSpec(precision=network.precision, size_px=network.size_px)
    with closing(load_segmenter(bundle, spec, live=True)) as segmenter:
        for picture in pictures:
            small = cv2.resize(picture, network.size_px, interpolation=cv2.INTER_AREA)
            frame = np.asarray(small, np.uint8)
            answers, expected = segmenter.answer(frame).planes, trained.answer(frame).planes
            for answer, difference in differences.items():
                difference.add(answers[answer], expected[answer])
    for answer, difference in differences.items():
        yield Parity(
            f"{network.file} at {network.width_px}x{network.height_px}",
            answer,
            len(pictures),
            difference.worst_levels,
            difference.mask_iou,
        )


def require(parity: Parity) -> None:
    """Refuse an export that is not the trained network.

    Raises:
        NotHealthyError: A level differs by more than 2/255, or the masks by more than 0.1 %,
            or nothing was compared.
    """
    if not parity.pictures:
        raise NotHealthyError(
            f"{parity.network} must be compared with torch, but there are no pictures."
        )
    if parity.worst_levels > MAX_LEVELS or parity.mask_iou < MIN_MASK_IOU:
        raise NotHealthyError(
            f"{parity.answer} of {parity.network} must match torch within {MAX_LEVELS}/255 and "
            f"mask IoU {MIN_MASK_IOU}, but over {parity.pictures} pictures differs by "
            f"{parity.worst_levels}/255 with IoU {parity.mask_iou:.4f}; nothing was written."
        )
