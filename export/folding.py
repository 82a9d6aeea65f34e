"""Batch normalisation folded into the convolutions before it: the same answers, fewer layers."""

from __future__ import annotations

from dataclasses import replace

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval

from training.unet import UNet


def folded(net: UNet) -> UNet:
    """Return a network without batch normalisation that answers as ``net`` does when evaluated.

    Args:
        net: A trained network; it stays as it is.

    Example:
        >>> import torch
        >>> from training.unet import UNetSpec
        >>> net = UNet(UNetSpec(widths=(4, 8), batch_norm=True)).eval()
        >>> picture = torch.rand(1, 3, 8, 8)
        >>> torch.allclose(folded(net)(picture), net(picture), atol=1e-5)
        True
    """
    result = UNet(replace(net.spec, batch_norm=False)).eval()
    for target, source in ((result.down, net.down), (result.merge, net.merge)):
        for to_level, from_level in zip(target, source, strict=True):
            _copy_level(to_level, from_level)
    result.up.load_state_dict(net.up.state_dict())
    result.head.load_state_dict(net.head.state_dict())
    return result.requires_grad_(requires_grad=False)


def _copy_level(target: nn.Module, source: nn.Module) -> None:
    """Copy the convolutions of a level, each with the normalisation that follows it."""
    convolutions = [layer for layer in source.children() if isinstance(layer, nn.Conv2d)]
    norms = [layer for layer in source.children() if isinstance(layer, nn.BatchNorm2d)]
    if norms:
        pairs = zip(convolutions, norms, strict=True)
        convolutions = [fuse_conv_bn_eval(convolution, norm) for convolution, norm in pairs]
    targets = [layer for layer in target.children() if isinstance(layer, nn.Conv2d)]
    for copy, convolution in zip(targets, convolutions, strict=True):
        copy.load_state_dict(convolution.state_dict())
