"""A trained network, before any export, as what a run asks for its answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import torch

from edgecrack.records import Answer

if TYPE_CHECKING:
    from edgecrack.records import RgbImage
    from training.unet import UNet

ROAD_THRESHOLD = 128
"""More likely road than not."""


class TorchSegmenter:
    """Runs a network through torch, at one size.

    Args:
        net: The network.
        width_px: Width of its input.
        height_px: Height of its input.
        threshold: A pixel is crack when its probability is at least this, 1..255.
        road_threshold: A pixel is road when its road is at least this, 0..255; not looked at where
            the network does not say what is road.
    """

    backend, precision, at_once = "torch", "fp32", 1
    model_sha256 = "0" * 64  # a checkpoint is no bundle

    def __init__(
        self,
        net: UNet,
        width_px: int,
        height_px: int,
        threshold: int,
        road_threshold: int = ROAD_THRESHOLD,
    ) -> None:
        self.width_px, self.height_px, self.threshold = width_px, height_px, threshold
        self.road_threshold = road_threshold if net.spec.road else None
        self._net = net.eval()

    @torch.inference_mode()
    def answer(self, image: RgbImage) -> Answer:
        """Return what the network says of an RGB picture (H, W, 3) of the input's size."""
        picture = torch.from_numpy(image)[None].permute(0, 3, 1, 2) / 255.0
        planes = torch.round(torch.sigmoid(self._net(picture))[0] * 255.0).to(torch.uint8)
        return Answer(*(np.asarray(plane.numpy(), np.uint8) for plane in planes))

    def cpu_s(self) -> float:
        """Return 0: torch's threads are not counted apart."""
        return 0.0

    def close(self) -> None:
        """There is nothing to free."""
