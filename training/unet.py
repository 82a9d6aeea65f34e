"""U-Net, the whole network in one file, as the paper counts it.

Each level is two 3x3 convolutions with bias, each followed by ReLU; 2x2 max-pooling goes down, a
2x2 stride-2 deconvolution with bias and without ReLU goes up; a 1x1 convolution is the head. With
widths 64 to 1024 and three input channels that is exactly the 31.03 M parameters of Table IV of
Li, Wang, Tian, Qi, "Fast and Accurate Road Crack Detection Based on Adaptive Cost-Sensitive Loss
Function". Initialisation is he-normal (He et al. 2015).

Two additions make networks that are small enough for a vehicle and still train: batch
normalisation (merged into the convolutions at export) and a space-to-depth stem, which moves each
2x2 or 4x4 block of pixels into channels so that the first level costs a quarter or a sixteenth.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812  the name every PyTorch reader knows

PAPER_WIDTHS = (64, 128, 256, 512, 1024)


@dataclass(frozen=True, slots=True)
class UNetSpec:
    """The parameters from which the network is built.

    Attributes:
        widths: Channels of each level, finest first; at least two.
        in_channels: 3 for RGB, 1 for grey.
        stem: Side of the pixel block that the stem folds into channels: 1 (none), 2 or 4.
        batch_norm: Whether each 3x3 convolution is followed by batch normalisation.
        road: Whether the network also answers where the road is, from the same last level.
    """

    __pydantic_config__: ClassVar[dict[str, object]] = {
        "extra": "forbid"
    }  # read by training.config

    widths: tuple[int, ...] = PAPER_WIDTHS
    in_channels: int = 3
    stem: int = 1
    batch_norm: bool = False
    road: bool = False

    def __post_init__(self) -> None:
        """Refuse a network that cannot be built."""
        if len(self.widths) < 2 or min(self.widths) < 1:
            raise ValueError(f"widths must be two or more positive numbers, not {self.widths}")
        if self.in_channels < 1:
            raise ValueError(f"in_channels must be 1 or more, not {self.in_channels}")
        if self.stem not in {1, 2, 4}:
            raise ValueError(f"stem must be 1, 2 or 4, not {self.stem}")

    @property
    def answers(self) -> int:
        """Number of answers for each pixel: crack, and road if it is asked for."""
        return 2 if self.road else 1

    @property
    def stride_px(self) -> int:
        """Side of the pixel block that becomes one cell of the coarsest level."""
        return int(self.stem * 2 ** (len(self.widths) - 1))


def _level(in_channels: int, out_channels: int, *, batch_norm: bool) -> nn.Sequential:
    layers: list[nn.Module] = []
    for channels in (in_channels, out_channels):
        layers.append(nn.Conv2d(channels, out_channels, kernel_size=3, padding=1))
        if batch_norm:
            layers.append(nn.BatchNorm2d(out_channels))
        layers.append(nn.ReLU(inplace=True))
    return nn.Sequential(*layers)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        nn.init.kaiming_normal_(module.weight, nonlinearity="relu")  # fan in as torch counts it
        if module.bias is not None:
            nn.init.zeros_(module.bias)


class UNet(nn.Module):
    """Maps a picture (N, C, H, W) to logits (N, 1, H, W) of crack; with road, (N, 2, H, W).

    Pictures may have any height and width: a size that is not a multiple of ``spec.stride_px`` is
    padded at the bottom and right with its edge pixels, and the logits are cropped back.

    Example:
        >>> net = UNet(UNetSpec(widths=(4, 8), stem=2))
        >>> net(torch.zeros(1, 3, 9, 13)).shape
        torch.Size([1, 1, 9, 13])
        >>> sum(p.numel() for p in UNet(UNetSpec()).parameters())
        31031745
    """

    def __init__(self, spec: UNetSpec) -> None:
        super().__init__()
        self.spec = spec
        widths, norm = spec.widths, spec.batch_norm
        first = spec.in_channels * spec.stem**2
        inputs = (first, *widths[:-1])
        self.down = nn.ModuleList(
            _level(i, o, batch_norm=norm) for i, o in zip(inputs, widths, strict=True)
        )
        pairs = list(zip(widths[::-1], widths[-2::-1], strict=False))
        self.up = nn.ModuleList(nn.ConvTranspose2d(i, o, kernel_size=2, stride=2) for i, o in pairs)
        self.merge = nn.ModuleList(_level(2 * o, o, batch_norm=norm) for _, o in pairs)
        self.head = nn.Conv2d(widths[0], spec.answers * spec.stem**2, kernel_size=1)
        self.apply(_initialise)

    def forward(self, picture: torch.Tensor) -> torch.Tensor:
        """Return logits; a sigmoid makes them probabilities, channel 0 of crack, 1 of road."""
        height, width = picture.shape[-2:]
        x = self._padded(picture)
        if self.spec.stem > 1:
            x = F.pixel_unshuffle(x, self.spec.stem)  # (N, C s^2, H/s, W/s)
        logits: torch.Tensor = self.head(self.features(x))
        if self.spec.stem > 1:
            logits = F.pixel_shuffle(logits, self.spec.stem)  # (N, answers, H, W)
        return logits[..., :height, :width]

    def features(self, blocks: torch.Tensor) -> torch.Tensor:
        """Map blocks (N, C s^2, H/s, W/s) of the stem to the last level (N, widths[0], H/s, W/s).

        Height and width divide by the stride.
        """
        x = blocks
        skips: list[torch.Tensor] = []
        for level in self.down:
            x = level(F.max_pool2d(x, 2) if skips else x)
            skips.append(x)
        for up, merge, skip in zip(self.up, self.merge, skips[-2::-1], strict=True):
            x = merge(torch.cat([skip, up(x)], dim=1))
        return x

    def _padded(self, picture: torch.Tensor) -> torch.Tensor:
        height, width = picture.shape[-2:]
        bottom, right = -height % self.spec.stride_px, -width % self.spec.stride_px
        if not (bottom or right):
            return picture
        return F.pad(picture, (0, right, 0, bottom), mode="replicate")


def parameter_count(net: nn.Module) -> int:
    """Return the number of trainable parameters, as counted in the paper's Table IV."""
    return sum(parameter.numel() for parameter in net.parameters())


def widths_of(base: int, levels: int = 5) -> tuple[int, ...]:
    """Return the widths of levels that double from ``base``.

    Example:
        >>> widths_of(16)
        (16, 32, 64, 128, 256)
    """
    return tuple(base * 2**level for level in range(levels))
