"""A trained network, before any export, as what a run asks for its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from export.to_onnx import Uint8Model

if TYPE_CHECKING:
    from edgecrack.records import GrayImage, RgbImage
    from training.unet import UNet


class TorchSegmenter:
    """Runs a network through torch, at one size.

    Args:
        net: The network.
        width_px: Width of its input.
        height_px: Height of its input.
        threshold: A pixel is crack when its probability is at least this, 1..255.
    """

    backend, precision, at_once = "torch", "fp32", 1
    model_sha256 = "0" * 64  # a checkpoint is no bundle

    def __init__(self, net: UNet, width_px: int, height_px: int, threshold: int) -> None:
        self.width_px, self.height_px, self.threshold = width_px, height_px, threshold
        self._model = Uint8Model(net).eval()

    @torch.inference_mode()
    def answer(self, image: RgbImage) -> GrayImage:
        """Return 0..255, (H, W), for an RGB picture (H, W, 3) of the input's size."""
        answer: GrayImage = np.asarray(self._model(torch.from_numpy(image)[None])[0].numpy())
        return answer

    def cpu_s(self) -> float:
        """Return 0: torch's threads are not counted apart."""
        return 0.0

    def close(self) -> None:
        """There is nothing to free."""
