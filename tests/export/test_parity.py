"""How far a network is from torch, and how far it may be."""

import numpy as np
import pytest
import torch

from edgecrack.errors import NotHealthyError
from edgecrack.segmenters import load_segmenter
from export.parity import Parity, compare, require
from training.unet import UNet, UNetSpec


@pytest.fixture(scope="module")
def pictures():
    """Return pictures larger than the network's input."""
    return list(np.random.default_rng(0).integers(0, 256, (3, 128, 192, 3), np.uint8))


def test_an_export_is_its_network(tiny_net, tiny, pictures):
    """The tiny bundle and its network agree over pictures of any size."""
    parity = compare(tiny_net, load_segmenter(tiny), pictures)
    assert parity.frames == 3
    assert parity.worst_levels <= 1
    assert parity.mask_iou > 0.999
    require(parity)


def test_another_network_is_seen(tiny, pictures):
    """A network with other weights is not the one that was exported."""
    torch.manual_seed(9)
    other = UNet(UNetSpec(widths=(4, 8), stem=2)).eval()
    with pytest.raises(NotHealthyError, match="over 3 pictures differs by"):
        require(compare(other, load_segmenter(tiny), pictures))


@pytest.mark.parametrize("parity", [Parity(9, 3, 1.0), Parity(9, 0, 0.9989), Parity(0, 0, 1.0)])
def test_either_measure_is_enough_to_refuse(parity):
    """Three levels, masks that differ by more than a thousandth, or nothing compared."""
    with pytest.raises(NotHealthyError):
        require(parity)


def test_the_limits_themselves_pass():
    """Two levels and an IoU of 0.999 are allowed."""
    require(Parity(1, 2, 0.999))


def test_nothing_compared_is_nothing_proved(tiny_net, tiny):
    """Without pictures there is a parity of zero frames, and it does not pass."""
    parity = compare(tiny_net, load_segmenter(tiny), [])
    assert parity.frames == 0
    with pytest.raises(NotHealthyError, match="no pictures"):
        require(parity)
