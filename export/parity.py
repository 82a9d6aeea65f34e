"""The proof that exported networks are the trained one: same pictures, same answers.

FP32 is compared with torch, and FP16 with FP32, both in ONNX Runtime: what FP16 loses is known
before any device computes it.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from edgecrack.errors import NotHealthyError
from edgecrack.models.golden_files import decode_picture
from edgecrack.segmenters import ModelSpec, load_segmenter
from export.torch_segmenter import TorchSegmenter

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry
    from edgecrack.records import GrayImage, RgbImage
    from edgecrack.segmenters import Segmenter
    from training.unet import UNet

MAX_LEVELS = 2
MIN_MASK_IOU = 0.999
HALF_MIN_MASK_IOU = 0.995
"""The same of FP16 against FP32. Its levels are not judged: a pixel on an edge moves by some."""


@dataclass(frozen=True, slots=True)
class Parity:
    """How far one answer of one network of a bundle is from another's over some pictures.

    Attributes:
        network: The network file, and the size it was run at.
        answer: Output of the network: ``probability`` or ``road``.
        pictures: How many were compared.
        worst_levels: Largest difference, in 1/255.
        mask_iou: IoU of all masks taken together.
        reference: What it was compared with: ``torch``, or ``fp32``.
    """

    network: str
    answer: str
    pictures: int
    worst_levels: int
    mask_iou: float
    reference: str = "torch"


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
    threshold = bundle.manifest.threshold
    return tuple(
        parity
        for network in bundle.networks("fp32")
        for parity in _parities(
            bundle, network, TorchSegmenter(net, *network.size_px, threshold), pictures
        )
    )


def compare_half(bundle: Bundle, pictures: Sequence[RgbImage]) -> Iterator[Parity]:
    """Run pictures, squeezed to each size, and the golden frames of it through FP16 and FP32.

    Args:
        bundle: Networks and golden frames.
        pictures: uint8 (H, W, 3), of any size.

    Yields:
        One comparison for each answer of the FP16 network of each size; none without FP16.

    Raises:
        BundleError: A network cannot be loaded or run.
    """
    for network in (one for one in bundle.manifest.models if one.precision == "fp16"):
        golden = golden_pictures(bundle, network.size_px)
        spec = ModelSpec(size_px=network.size_px)
        with closing(load_segmenter(bundle, spec, live=True)) as fp32:
            for parity in _parities(bundle, network, fp32, [*pictures, *golden]):
                yield replace(parity, reference="fp32")


def golden_pictures(bundle: Bundle, size_px: tuple[int, int]) -> list[RgbImage]:
    """Return the golden frames of a size (width, height), uint8 (H, W, 3).

    Raises:
        BundleError: One cannot be read.
    """
    frames = [entry.frame for entry in bundle.manifest.golden_of(size_px)]
    return [decode_picture(bundle.read(frame), frame) for frame in frames]


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
    bundle: Bundle, network: ModelEntry, reference: Segmenter, pictures: Sequence[RgbImage]
) -> Iterator[Parity]:
    thresholds = bundle.manifest.thresholds
    differences = {answer: _Difference(threshold) for answer, threshold in thresholds.items()}
    spec = ModelSpec(precision=network.precision, size_px=network.size_px)
    with closing(load_segmenter(bundle, spec, live=True)) as segmenter:
        for picture in pictures:
            small = cv2.resize(picture, network.size_px, interpolation=cv2.INTER_AREA)
            frame = np.asarray(small, np.uint8)
            answers, expected = segmenter.answer(frame).planes, reference.answer(frame).planes
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


def require_half(parity: Parity) -> None:
    """Refuse an FP16 network that marks other pixels than FP32.

    Raises:
        NotHealthyError: The masks differ by more than 0.5 %.
    """
    if parity.mask_iou < HALF_MIN_MASK_IOU:
        raise NotHealthyError(
            f"{parity.answer} of {parity.network} must give FP32's masks with an IoU of at least "
            f"{HALF_MIN_MASK_IOU}, but over {parity.pictures} validation pictures and golden "
            f"frames gives {parity.mask_iou:.4f}, by up to {parity.worst_levels}/255; leave fp16 "
            "out with --precision, or train longer. Nothing was written."
        )
