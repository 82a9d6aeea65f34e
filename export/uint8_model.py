"""The network as the vehicle runs it: pixels in; probability, and perhaps road, out; all uint8.

The same answers as the trained network's, in the shape that is fastest: normalisation inside, the
blocks of the stem gathered while the picture still lies row by row, and a head for each answer
instead of one that is taken apart at full size. That is 5 to 20 % of the time of a small network.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  the name every PyTorch reader knows

if TYPE_CHECKING:
    from training.unet import UNet


class Uint8Model(nn.Module):
    """Maps uint8 (1, H, W, 3) RGB to one uint8 (1, H, W) for each of ``outputs_of``.

    Args:
        net: A network without batch normalisation; its first convolution is changed to read the
            blocks in another order. H and W must divide by its stride.
    """

    def __init__(self, net: UNet) -> None:
        super().__init__()
        self.net, self.stem = net, net.spec.stem
        first = next(layer for layer in net.down[0].children() if isinstance(layer, nn.Conv2d))
        _read_by_pixel(first, self.stem)
        answers, bias = net.spec.answers, cast("torch.Tensor", net.head.bias)
        parts = zip(net.head.weight.chunk(answers), bias.chunk(answers), strict=True)
        self.heads = nn.ModuleList(_head(*part) for part in parts)

    def forward(self, frame: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return probability and, where the network says, road."""
        blocks = self._blocks(frame.to(torch.float32) * (1.0 / 255.0))
        features = self.net.features(blocks)
        return tuple(self._answer(head(features)) for head in self.heads)

    def _blocks(self, picture: torch.Tensor) -> torch.Tensor:
        """Return (1, s s C, H/s, W/s) of a picture (1, H, W, C), pixel by pixel."""
        side = self.stem
        if side == 1:
            return picture.permute(0, 3, 1, 2)
        _, height, width, channels = picture.shape
        rows, columns = height // side, width // side
        cut = picture.reshape(1, rows, side, columns, side * channels).permute(0, 1, 3, 2, 4)
        return cut.reshape(1, rows, columns, side * side * channels).permute(0, 3, 1, 2)

    def _answer(self, logits: torch.Tensor) -> torch.Tensor:
        plane = F.pixel_shuffle(logits, self.stem) if self.stem > 1 else logits
        level = torch.round(torch.sigmoid(plane.squeeze(1)) * 255.0)
        return level.clamp(0.0, 255.0).to(torch.uint8)


def outputs_of(net: UNet) -> list[str]:
    """Return the names of what the network says: ``probability``, and perhaps ``road``."""
    return ["probability", "road"] if net.spec.road else ["probability"]


def _read_by_pixel(convolution: nn.Conv2d, side: int) -> None:
    """Reorder a convolution's inputs from colour, row, column of a block to row, column, colour."""
    weight = convolution.weight.detach()
    outputs, inputs, *kernel = weight.shape
    by_colour = weight.reshape(outputs, inputs // side**2, side, side, *kernel)
    by_pixel = by_colour.permute(0, 2, 3, 1, 4, 5).reshape(weight.shape).contiguous()
    convolution.weight = nn.Parameter(by_pixel, requires_grad=False)


def _head(weight: torch.Tensor, bias: torch.Tensor) -> nn.Conv2d:
    head = nn.Conv2d(weight.shape[1], weight.shape[0], kernel_size=1)
    head.weight = nn.Parameter(weight.detach().clone(), requires_grad=False)
    head.bias = nn.Parameter(bias.detach().clone(), requires_grad=False)
    return head
