"""Channels of like ranges: the same answers, and no channel that is lost in another's scale."""

import numpy as np
import pytest
import torch
from torch import nn

from export.equalising import equalise
from export.folding import folded
from training.unet import UNet, UNetSpec


@pytest.fixture(scope="module")
def uneven():
    """Return a network of three levels, one of whose channels is a thousand times the others."""
    torch.manual_seed(6)
    net = folded(UNet(UNetSpec(widths=(4, 6, 8), stem=2, road=True, batch_norm=True)).eval())
    with torch.no_grad():
        for level in (*net.down, *net.merge):
            first, second = (layer for layer in level.children() if isinstance(layer, nn.Conv2d))
            first.weight[0] *= 1000
            first.bias[0] *= 1000
            second.weight[:, 0] /= 1000
    return net


def spread(net, picture):
    """Return how far apart the ranges of the channels of each first convolution are."""
    seen = []
    hooks = [
        level[0].register_forward_hook(
            lambda _layer, _taken, given: seen.append(given.relu().amax((0, 2, 3)))
        )
        for level in (*net.down, *net.merge)
    ]
    with torch.inference_mode():
        net(picture)
    for hook in hooks:
        hook.remove()
    return [float(most.max() / most.clamp_min(1e-3 * float(most.max())).median()) for most in seen]


def test_answers_stay_and_ranges_come_together(uneven):
    """Every layer passes its factor on to whoever reads it: skips, deconvolutions and the head."""
    picture = torch.rand(1, 3, 32, 48)
    with torch.inference_mode():
        before = uneven(picture)
    ranges_before = spread(uneven, picture)
    equalise(uneven, [picture])
    with torch.inference_mode():
        after = uneven(picture)
    assert np.allclose(before, after, rtol=1e-3, atol=1e-4 * float(before.abs().max()))
    assert np.mean(spread(uneven, picture)) < np.mean(ranges_before) / 10


def test_a_dead_channel_is_left_alone():
    """What is never more than 0 has no range to be scaled by, and no number becomes infinite."""
    torch.manual_seed(7)
    net = folded(UNet(UNetSpec(widths=(4, 8), stem=2)).eval())
    with torch.no_grad():
        net.down[0][0].weight[1] = 0
        net.down[0][0].bias[1] = -1
    picture = torch.rand(1, 3, 32, 32)
    with torch.inference_mode():
        before = net(picture)
        equalise(net, [picture])
        assert torch.allclose(net(picture), before, rtol=1e-3, atol=1e-4)
    assert all(torch.isfinite(values).all() for values in net.state_dict().values())
