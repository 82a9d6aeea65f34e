"""The proof that the exported network is the trained one: same frames, same answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np
import torch

from edgecrack.errors import NotHealthyError
from edgecrack.metrics import mask_iou
from export.to_onnx import Uint8Model

if TYPE_CHECKING:
    from collections.abc import Iterable

    from edgecrack.records import RgbImage
    from edgecrack.segmenters import Segmenter
    from training.unet import UNet

MAX_LEVELS = 2
MIN_MASK_IOU = 0.999


@dataclass(frozen=True, slots=True)
class Parity:
    """How far two runs of a network are apart over some frames.

    Attributes:
        frames: How many were compared.
        worst_levels: Largest difference of a probability, in 1/255.
        mask_iou: IoU of all masks taken together.
    """

    frames: int
    worst_levels: int
    mask_iou: float


def compare(net: UNet, segmenter: Segmenter, pictures: Iterable[RgbImage]) -> Parity:
    """Run pictures, squeezed to the network's size, through torch and through ``segmenter``."""
    deployed, worst, count = Uint8Model(net).eval(), 0, 0
    masks: list[tuple[np.ndarray[tuple[int, ...], np.dtype[np.bool_]], ...]] = []
    for picture in pictures:
        size = (segmenter.width_px, segmenter.height_px)
        frame = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        with torch.inference_mode():
            expected = deployed(torch.from_numpy(frame)[None])[0].numpy()
        answer = segmenter.probability(frame)
        worst = max(worst, int(np.abs(answer.astype(np.int16) - expected).max()))
        masks.append((answer >= segmenter.threshold, expected >= segmenter.threshold))
        count += 1
    both = [np.concatenate([m[i].ravel() for m in masks]) if masks else np.zeros(0) for i in (0, 1)]
    return Parity(count, worst, mask_iou(both[0], both[1]))


def require(parity: Parity) -> None:
    """Refuse an export that is not the trained network.

    Raises:
        NotHealthyError: If a probability differs by more than 2/255, or the masks by more than
            0.1 %, or nothing was compared.
    """
    if not parity.frames:
        raise NotHealthyError("an export must be compared with torch, but there are no pictures.")
    if parity.worst_levels > MAX_LEVELS or parity.mask_iou < MIN_MASK_IOU:
        raise NotHealthyError(
            f"the exported network must match torch within {MAX_LEVELS}/255 and mask IoU "
            f"{MIN_MASK_IOU}, but over {parity.frames} pictures differs by "
            f"{parity.worst_levels}/255 with IoU {parity.mask_iou:.4f}; nothing was written."
        )
