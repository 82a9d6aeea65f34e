"""The proof that exported networks are the trained one: same pictures, same answers."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from edgecrack.errors import NotHealthyError
from edgecrack.segmenters import ModelSpec, load_segmenter
from export.to_onnx import Uint8Model

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.bundle import Bundle
    from edgecrack.manifest import ModelEntry
    from edgecrack.records import RgbImage
    from training.unet import UNet

MAX_LEVELS = 2
MIN_MASK_IOU = 0.999


@dataclass(frozen=True, slots=True)
class Parity:
    """How far one network of a bundle is from torch over some pictures.

    Attributes:
        network: The network file.
        pictures: How many were compared.
        worst_levels: Largest difference of a probability, in 1/255.
        mask_iou: IoU of all masks taken together.
    """

    network: str
    pictures: int
    worst_levels: int
    mask_iou: float


def compare(net: UNet, bundle: Bundle, pictures: Sequence[RgbImage]) -> tuple[Parity, ...]:
    """Run pictures, squeezed to each network's size, through torch and through each network.

    Args:
        net: The trained network.
        bundle: What was exported from it.
        pictures: uint8 (H, W, 3), of any size.

    Returns:
        One comparison for each network of the bundle.

    Raises:
        BundleError: A network cannot be loaded or run.
    """
    return tuple(_parity(net, bundle, network, pictures) for network in bundle.manifest.models)


def _parity(net: UNet, bundle: Bundle, network: ModelEntry, pictures: Sequence[RgbImage]) -> Parity:
    trained, worst_levels, inside_both, inside_either = Uint8Model(net).eval(), 0, 0, 0
    spec = ModelSpec(precision=network.precision, size_px=network.size_px)
    with closing(load_segmenter(bundle, spec, live=True)) as segmenter:
        for picture in pictures:
            small = cv2.resize(picture, network.size_px, interpolation=cv2.INTER_AREA)
            frame = np.asarray(small, np.uint8)
            with torch.inference_mode():
                expected = trained(torch.from_numpy(frame)[None])[0].numpy()
            answer = segmenter.answer(frame).probability
            difference = np.abs(answer.astype(np.int16) - expected)
            worst_levels = max(worst_levels, int(difference.max()))
            masks = answer >= segmenter.threshold, expected >= segmenter.threshold
            inside_both += int((masks[0] & masks[1]).sum())
            inside_either += int((masks[0] | masks[1]).sum())
    iou = inside_both / inside_either if inside_either else 1.0
    return Parity(network.file, len(pictures), worst_levels, iou)


def require(parity: Parity) -> None:
    """Refuse an export that is not the trained network.

    Raises:
        NotHealthyError: A probability differs by more than 2/255, or the masks by more than 0.1 %,
            or nothing was compared.
    """
    if not parity.pictures:
        raise NotHealthyError(
            f"{parity.network} must be compared with torch, but there are no pictures."
        )
    if parity.worst_levels > MAX_LEVELS or parity.mask_iou < MIN_MASK_IOU:
        raise NotHealthyError(
            f"{parity.network} must match torch within {MAX_LEVELS}/255 and mask IoU "
            f"{MIN_MASK_IOU}, but over {parity.pictures} pictures differs by "
            f"{parity.worst_levels}/255 with IoU {parity.mask_iou:.4f}; nothing was written."
        )
