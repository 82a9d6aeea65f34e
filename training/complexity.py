"""What a network costs: parameters, multiply-accumulates at a size, bytes of weights.

There are two ways to count the work. The true one is the multiply-accumulates (MAC) of the
convolutions, a deconvolution's counted on its input; twice that is FLOP. The paper's Table IV
counts a deconvolution on its output, which is four times as many for 2x2, and adds one for each
bias, each ReLU and each value that is pooled, and two for each value that is batch-normalised; it
calls the sum G. Numbers of one way must not be compared with those of the other.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from training.unet import UNet, parameter_count

if TYPE_CHECKING:
    from training.unet import UNetSpec


@dataclass(frozen=True, slots=True)
class Complexity:
    """The cost of a network for one picture.

    Attributes:
        width_px: Width of the picture.
        height_px: Height of the picture.
        parameters: Trainable numbers, as the paper counts them.
        macs: Multiply-accumulates of all convolutions.
        paper_operations: What the paper calls G, not divided by 10^9.
        weights: Numbers that are exported: batch normalisation is merged into the convolutions.
    """

    width_px: int
    height_px: int
    parameters: int
    macs: int
    paper_operations: int
    weights: int

    @property
    def gflops(self) -> float:
        """Two operations for each multiply-accumulate, in 10^9."""
        return 2e-9 * self.macs

    @property
    def paper_g(self) -> float:
        """What the paper calls G."""
        return 1e-9 * self.paper_operations

    @property
    def fp32_bytes(self) -> int:
        """Bytes of the exported weights in single precision."""
        return 4 * self.weights

    @property
    def fp16_bytes(self) -> int:
        """Bytes of the exported weights in half precision."""
        return 2 * self.weights

    def as_json(self) -> dict[str, Any]:
        """Return every number, JSON-like."""
        bytes_of = {"fp32_bytes": self.fp32_bytes, "fp16_bytes": self.fp16_bytes}
        return asdict(self) | {"gflops": self.gflops, "paper_g": self.paper_g} | bytes_of


def complexity_of(spec: UNetSpec, width_px: int, height_px: int) -> Complexity:
    """Count what a network costs, without making its weights.

    Example:
        >>> from training.unet import UNetSpec
        >>> paper = complexity_of(UNetSpec(), 480, 320)
        >>> f"{paper.parameters:,} {paper.paper_g:.2f} {paper.macs / 1e9:.2f}"
        '31,031,745 128.18 112.89'
    """
    with torch.device("meta"):  # shapes only
        net = UNet(spec).eval()
        picture = torch.zeros(1, spec.in_channels, height_px, width_px)
    tally = _Tally()
    handles = [
        module.register_forward_hook(tally.add)
        for module in net.modules()
        if not list(module.children())
    ]
    handles += [level.register_forward_hook(tally.add_pooled) for level in list(net.down)[:-1]]
    with torch.no_grad():
        net(picture)
    for handle in handles:
        handle.remove()
    norms = sum(parameter_count(m) for m in net.modules() if isinstance(m, nn.BatchNorm2d))
    parameters = parameter_count(net)
    return Complexity(
        width_px, height_px, parameters, tally.macs, tally.paper_operations, parameters - norms
    )


class _Tally:
    """Adds up the work of the layers as a picture passes through them."""

    def __init__(self) -> None:
        self.macs = self.paper_operations = 0

    def add(self, layer: nn.Module, inputs: tuple[torch.Tensor, ...], output: torch.Tensor) -> None:
        """Count one layer that has run."""
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            kernel = layer.weight[0, 0].numel() * layer.in_channels * layer.out_channels
            counted = inputs[0] if isinstance(layer, nn.ConvTranspose2d) else output
            self.macs += kernel * _pixels(counted)
            self.paper_operations += kernel * _pixels(output) + output.numel()  # with its biases
        elif isinstance(layer, nn.BatchNorm2d):
            self.paper_operations += 2 * output.numel()
        elif isinstance(layer, nn.ReLU):
            self.paper_operations += output.numel()

    def add_pooled(self, level: nn.Module, inputs: object, output: torch.Tensor) -> None:
        """Count the pooling that follows a level."""
        del level, inputs
        self.paper_operations += output.numel()


def _pixels(values: torch.Tensor) -> int:
    return values.shape[-2] * values.shape[-1]
