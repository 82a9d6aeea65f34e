"""How near the numbers inside a network come to the end of FP16."""

from dataclasses import replace

import numpy as np
import onnx
import pytest
import torch
from onnx import numpy_helper

from edgecrack.errors import NotHealthyError
from edgecrack.synthetic.golden import golden_frames
from export.magnitudes import ROOM, Magnitude, largest_activation, require_room

FRAMES = list(golden_frames(96, 64).values())
FIRST, SECOND = "net.down.1.0.weight", "net.down.1.2.weight"


@pytest.fixture
def whole(tiny):
    """Return the tiny network's FP32 file."""
    return tiny.read("model.fp32.onnx")


def test_the_largest_activation_is_what_torch_computes(tiny_net, whole):
    """It is the largest magnitude of all layers, before ReLU, over all frames."""
    largest, hooks = [], []
    for layer in tiny_net.modules():
        if isinstance(layer, torch.nn.Conv2d | torch.nn.ConvTranspose2d):

            def note(_module, _inputs, output):
                largest.append(float(output.abs().max()))

            hooks.append(layer.register_forward_hook(note))
    with torch.no_grad():
        for frame in FRAMES:
            tiny_net(torch.from_numpy(frame.copy()).permute(2, 0, 1)[None] / 255)
    for hook in hooks:
        hook.remove()
    found = largest_activation(whole, FRAMES)
    assert found.value == pytest.approx(max(largest), rel=1e-5)
    assert (found.frames, found.size_px) == (3, (96, 64))


def scaled(network, name, factor):
    """Return an FP32 file with the weights of one layer raised."""
    model = onnx.load_from_string(network)
    tensor = next(t for t in model.graph.initializer if t.name == name)
    weights = numpy_helper.to_array(tensor) * np.float32(factor)
    tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    return model.SerializeToString()


def test_the_place_is_named_and_grows_with_the_weights(whole):
    """One layer times 1e5 is far beyond the rest, and beyond FP16."""
    first, second = (largest_activation(scaled(whole, FIRST, f), FRAMES) for f in (1e5, 2e5))
    assert second.value == pytest.approx(2 * first.value, rel=1e-3)
    assert first.tensor == second.tensor
    with pytest.raises(NotHealthyError, match=f"below 8188.* at {first.tensor}.*--precision"):
        require_room(first)


def test_what_is_no_number_is_beyond_any(whole):
    """An overflow of FP32 itself is not lost among the comparisons."""
    found = largest_activation(scaled(scaled(whole, FIRST, 1e38), SECOND, 1e3), FRAMES)
    assert found.value == np.inf
    with pytest.raises(NotHealthyError, match="inf"):
        require_room(found)


def test_an_eighth_of_the_range_is_the_limit():
    """Just there passes, beyond does not."""
    limit = Magnitude(65504 / ROOM, "conv", 3, (96, 64))
    require_room(limit)
    with pytest.raises(NotHealthyError):
        require_room(replace(limit, value=limit.value + 1))


def test_a_manifest_tells_the_share_and_where():
    """As a score from 0 to 1 with its protocol."""
    entry = Magnitude(655.04, "conv2d_3", 81, (960, 544)).entry
    assert (entry.value, entry.precision) == (0.01, "fp16")
    assert entry.protocol == (
        "activations reach 655.0 (conv2d_3) of FP16's 65504, over 81 validation pictures and "
        "golden frames at 960x544"
    )
