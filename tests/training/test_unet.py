"""The network is the paper's U-Net at any width, and takes pictures of any size."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from training.unet import UNet, UNetSpec, parameter_count, widths_of


@pytest.mark.parametrize(
    ("spec", "count"),
    [
        (UNetSpec(), 31_031_745),
        (UNetSpec(widths=widths_of(32)), 7_760_097),
        (UNetSpec(in_channels=1), 31_030_593),
        (UNetSpec(widths=(32, 64, 128, 256, 512), in_channels=1), 7_759_521),
    ],
)
def test_the_parameters_are_those_of_the_paper(spec, count):
    """The number of weights and biases is that of Table IV."""
    with torch.device("meta"):  # counts without filling 31 million numbers
        assert parameter_count(UNet(spec)) == count


@pytest.mark.parametrize("widths", [(4, 8), (5, 3, 7), (2, 4, 8, 16)])
@pytest.mark.parametrize("stem", [1, 2, 4])
@pytest.mark.parametrize("batch_norm", [False, True])
def test_the_output_has_the_size_of_the_picture(widths, stem, batch_norm):
    """There is one logit a pixel, also for sizes that are not a multiple of the stride."""
    net = UNet(UNetSpec(widths=widths, stem=stem, batch_norm=batch_norm)).eval()
    for height, width in ((33, 50), (8, 7), (1, 3)):
        assert net(torch.rand(2, 3, height, width)).shape == (2, 1, height, width)


def test_the_stride_is_the_size_of_one_coarse_cell():
    """It is the stem times 2 for each pooling."""
    assert UNetSpec().stride_px == 16
    assert UNetSpec(widths=(4, 8), stem=4).stride_px == 8


@pytest.mark.parametrize("stem", [1, 2, 4])
def test_a_picture_of_another_size_is_padded_with_its_edge(stem):
    """The output is that of the picture extended by its last row and column, cropped back."""
    torch.manual_seed(0)
    net = UNet(UNetSpec(widths=(4, 8, 8), stem=stem)).eval()
    stride = net.spec.stride_px
    picture = torch.rand(1, 3, 2 * stride + 3, 3 * stride - 1)
    rows = torch.arange(3 * stride).clamp(max=picture.shape[2] - 1)
    columns = torch.arange(3 * stride).clamp(max=picture.shape[3] - 1)
    whole = picture[:, :, rows][..., columns]

    expected = net(whole)[..., : picture.shape[2], : picture.shape[3]]

    torch.testing.assert_close(net(picture), expected, rtol=0, atol=0)


def test_a_picture_that_fits_is_not_padded():
    """Its output is that of a picture one pixel larger, away from the added edge."""
    torch.manual_seed(0)
    net = UNet(UNetSpec(widths=(4, 8), stem=1)).eval()
    picture = torch.rand(1, 3, 32, 32)
    grown = functional.pad(picture, (0, 1, 0, 1), mode="replicate")
    inside = slice(None), slice(None), slice(0, 20), slice(0, 20)
    torch.testing.assert_close(net(picture)[inside], net(grown)[inside])


def test_initial_weights_are_he_normal():
    """Each kernel is normal around 0 with variance 2 / fan-in; biases are 0."""
    torch.manual_seed(0)
    net = UNet(UNetSpec(widths=(32, 64, 128)))
    kernels = [m for m in net.modules() if isinstance(m, nn.Conv2d | nn.ConvTranspose2d)]
    for kernel in kernels:
        weight = kernel.weight.detach()
        fan_in = weight[0].numel()  # torch counts out x 2 x 2 for a deconvolution
        count = weight.numel()
        assert weight.std().item() == pytest.approx(math.sqrt(2 / fan_in), rel=4 / count**0.5)
        assert abs(weight.mean().item()) < 4 * weight.std().item() / count**0.5
        assert kernel.bias is not None
        assert not kernel.bias.any()
    large = kernels[3].weight.detach().flatten()
    beyond = (large.abs() > 2 * large.std()).float().mean().item()
    assert beyond == pytest.approx(0.0455, abs=0.006)  # a uniform distribution has none


def kinds(module):
    """Return the class names of a module's leaves, in order."""
    return [type(leaf).__name__ for leaf in module.modules() if not list(leaf.children())]


@pytest.mark.parametrize("norm", [False, True])
def test_the_structure_is_the_papers(norm):
    """Two 3x3 convolutions with ReLU a level, a deconvolution with bias up, a 1x1 head."""
    net = UNet(UNetSpec(widths=(4, 8, 16), batch_norm=norm))
    level = ["Conv2d", *(["BatchNorm2d"] if norm else []), "ReLU"] * 2
    for block in (*net.down, *net.merge):
        assert kinds(block) == level
        for conv in (m for m in block if isinstance(m, nn.Conv2d)):
            assert (conv.kernel_size, conv.stride, conv.padding) == ((3, 3), (1, 1), (1, 1))
            assert conv.bias is not None
    for up in net.up:
        assert kinds(up) == ["ConvTranspose2d"]
        assert isinstance(up, nn.ConvTranspose2d)
        assert (up.kernel_size, up.stride) == ((2, 2), (2, 2))
        assert up.bias is not None
    assert (net.head.kernel_size, net.head.out_channels) == ((1, 1), 1)
    assert net.head.bias is not None


def test_no_relu_follows_a_deconvolution():
    """Some of a deconvolution's outputs are negative."""
    torch.manual_seed(0)
    net = UNet(UNetSpec(widths=(4, 8)))
    inputs_of_merge = []
    net.merge[0].register_forward_pre_hook(lambda _, inputs: inputs_of_merge.append(inputs[0]))
    net(torch.rand(1, 3, 16, 16))
    skip, up = inputs_of_merge[0].split(4, dim=1)
    assert (skip >= 0).all()
    assert (up < 0).any()


def test_every_parameter_has_a_gradient():
    """Each weight and bias changes the output."""
    torch.manual_seed(0)
    net = UNet(UNetSpec(widths=(4, 8, 8), stem=2))
    net(torch.rand(2, 3, 32, 32)).square().mean().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in net.parameters())


def test_a_stem_loses_no_pixel():
    """Each of the 16 pixels of a stem's block has its own logit."""
    torch.manual_seed(0)
    net = UNet(UNetSpec(widths=(8, 8), stem=4)).eval()
    with torch.no_grad():
        logits = net(torch.rand(1, 3, 16, 16))[0, 0, 4:8, 4:8]
    assert logits.unique().numel() == 16


@pytest.mark.parametrize(
    "wrong", [{"widths": (8,)}, {"widths": ()}, {"widths": (8, 0)}, {"stem": 3}, {"in_channels": 0}]
)
def test_a_network_that_cannot_be_built_is_refused(wrong):
    """The wrong field is named before anything is built."""
    with pytest.raises(ValueError, match=next(iter(wrong))):
        UNetSpec(**wrong)


@pytest.mark.parametrize("stem", [1, 2, 4])
def test_the_road_answer_is_a_second_channel_of_the_last_level(stem):
    """It costs one more row of the head for each pixel of the stem's block, and nothing else."""
    crack = UNet(UNetSpec(widths=(4, 8), stem=stem))
    both = UNet(UNetSpec(widths=(4, 8), stem=stem, road=True))
    assert both(torch.zeros(1, 3, 16, 24)).shape == (1, 2, 16, 24)
    assert parameter_count(both) - parameter_count(crack) == (4 + 1) * stem**2
