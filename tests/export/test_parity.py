"""How far each network of a bundle is from torch, and how far it may be."""

from dataclasses import replace

import cv2
import numpy as np
import pytest
import torch

from edgecrack.bundle import MANIFEST, file_entry, load_bundle
from edgecrack.errors import NotHealthyError
from edgecrack.models.golden_files import decode_plane
from edgecrack.models.selftest import selftest
from edgecrack.segmenters import ModelSpec
from export.bundle_files import write_files
from export.parity import Parity, compare, compare_half, require, require_half
from training.unet import UNet, UNetSpec

NETWORK = "model.fp32.onnx"


@pytest.fixture(scope="module")
def pictures():
    """Return pictures larger than the network's input."""
    return list(np.random.default_rng(0).integers(0, 256, (3, 128, 192, 3), np.uint8))


@pytest.fixture(scope="module")
def other_net():
    """Return a network like the tiny one with other weights."""
    torch.manual_seed(9)
    return UNet(UNetSpec(widths=(4, 8), stem=2)).eval()


def test_an_export_is_its_network(tiny_net, tiny, pictures):
    """The tiny bundle and its network agree over pictures of any size."""
    (parity,) = compare(tiny_net, tiny, pictures)
    assert (parity.network, parity.pictures) == (f"{NETWORK} at 96x64", 3)
    assert parity.worst_levels <= 1
    assert parity.mask_iou > 0.999
    require(parity)


def test_another_network_is_seen(other_net, tiny, pictures):
    """A network with other weights is not the one that was exported, and is named."""
    (parity,) = compare(other_net, tiny, pictures)
    assert parity.worst_levels > 2
    with pytest.raises(NotHealthyError, match=NETWORK):
        require(parity)


@pytest.mark.parametrize(
    "parity",
    [
        Parity("m.onnx", "road", 9, 3, 1.0),
        Parity("m.onnx", "road", 9, 0, 0.9989),
        Parity("m.onnx", "probability", 0, 0, 1.0),
    ],
)
def test_either_measure_is_enough_to_refuse(parity):
    """Three levels, masks that differ by more than a thousandth, or nothing compared."""
    with pytest.raises(NotHealthyError, match=r"m\.onnx"):
        require(parity)


def test_the_limits_themselves_pass():
    """Two levels and an IoU of 0.999 are allowed."""
    require(Parity("m.onnx", "probability", 1, 2, 0.999))


def test_fp16_is_held_to_fp32s_masks(tiny, pictures):
    """On pictures and golden frames; 0.995 itself passes, and levels do not count."""
    (parity,) = compare_half(tiny, pictures)
    assert (parity.network, parity.reference) == ("model.fp16.onnx at 96x64", "fp32")
    assert parity.pictures == 3 + 3
    assert 0 < parity.worst_levels <= 2
    require_half(replace(parity, mask_iou=0.995, worst_levels=9))
    with pytest.raises(NotHealthyError, match=r"model\.fp16\.onnx at 96x64 must give FP32's masks"):
        require_half(replace(parity, mask_iou=0.9949))


def test_a_bundle_without_fp16_has_nothing_to_compare(bundle_copy, manifest, pictures):
    """It is no fault."""
    manifest.change(("models", 2), ...)
    assert list(compare_half(load_bundle(bundle_copy), pictures)) == []


def test_masks_are_taken_together(tiny_net, other_net, tiny, pictures):
    """The IoU is that of the masks of all pictures side by side, not a mean of each."""
    (parity,) = compare(other_net, tiny, pictures)
    alone = [compare(other_net, tiny, [picture])[0].mask_iou for picture in pictures]
    assert min(alone) <= parity.mask_iou <= max(alone)
    assert compare(tiny_net, tiny, pictures)[0].mask_iou > parity.mask_iou


def test_nothing_compared_is_nothing_proved(tiny_net, tiny):
    """Without pictures there is a parity of none, and it does not pass."""
    (parity,) = compare(tiny_net, tiny, [])
    assert parity.pictures == 0
    with pytest.raises(NotHealthyError):
        require(parity)


def test_a_road_that_differs_is_seen_although_the_cracks_agree(card, pictures, tmp_path):
    """Each answer is compared by itself: one that is another network's is refused by its name."""
    torch.manual_seed(0)
    net = UNet(UNetSpec(widths=(4, 8), stem=2, road=True)).eval()
    bundle = write_files(net, [(96, 64)], card, tmp_path)
    with torch.no_grad():
        net.head.bias[4:] += 1.0  # the channels of the road, behind a stem of two
    crack, road = compare(net, bundle, pictures)
    assert (crack.answer, road.answer) == ("probability", "road")
    require(crack)
    with pytest.raises(NotHealthyError, match="road"):
        require(road)


def test_a_golden_road_that_differs_fails_the_self_test(card, tmp_path):
    """The network's cracks are as promised, its road is not: it is not healthy."""
    torch.manual_seed(0)
    net = UNet(UNetSpec(widths=(4, 8), stem=2, road=True)).eval()
    bundle = write_files(net, [(96, 64)], card, tmp_path)
    golden = next(entry for entry in bundle.manifest.golden if entry.kind == "crack")
    road = 255 - decode_plane(bundle.read(golden.road), golden.road)
    (tmp_path / golden.road).write_bytes(cv2.imencode(".png", road)[1].tobytes())
    sealed = file_entry((tmp_path / golden.road).read_bytes())
    files = bundle.manifest.files | {golden.road: sealed}
    (tmp_path / MANIFEST).write_text(replace(bundle.manifest, files=files).as_json())
    spec = ModelSpec(backend="onnxruntime", precision="fp32")
    (network,) = selftest(load_bundle(tmp_path), spec).networks
    failed = [(result.kind, result.answer) for result in network.golden if not result.passed]
    assert failed == [("crack", "road")]
    assert "road" in network.reason
