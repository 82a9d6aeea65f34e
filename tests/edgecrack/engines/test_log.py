"""What TensorRT tells its log reaches people, also where it makes nothing at all."""

import importlib

import pytest

from edgecrack.engines.libraries import describe_libraries
from edgecrack.errors import EngineError
from edgecrack.models.variants import unavailable
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.segmenters.backends import prepare

REASON = "CUDA initialization failure with error: 35"


def test_a_tensorrt_that_cannot_use_cuda_is_told_in_one_sentence(any_gpu, tiny):
    """As with a driver that is too old: looking around, building and loading each say why."""
    version, gpu = any_gpu
    gpu.returns_nullptr = True
    (problem,) = describe_libraries().problems
    assert problem.startswith(f"TensorRT {version} must make its Builder, but: {REASON}")
    with pytest.raises(EngineError, match=f"its Builder, but: {REASON}.*edgecrack doctor"):
        prepare("tensorrt", tiny, tiny.model("fp16"))
    assert unavailable(tiny).keys().isdisjoint({"tensorrt", "tensorrt fp16"})  # nothing was made
    gpu.returns_nullptr = False
    prepare("tensorrt", tiny, tiny.model("fp16"))
    gpu.returns_nullptr = True
    with pytest.raises(EngineError, match=f"its Runtime, but: {REASON}"):
        load_segmenter(tiny, ModelSpec(backend="tensorrt", precision="fp16"))


@pytest.mark.parametrize(
    ("module", "begin"),
    [
        ("refitting", lambda module: module.refit(b"", b"", "a network")),
        ("execution", lambda module: module.LoadedEngine(b"", "a network", (96, 64), [])),
        ("builder", lambda module: module.dla_cores()),
    ],
)
def test_nothing_is_made_past_the_log(gpu, module, begin):
    """Whatever makes an object of TensorRT's says why it cannot."""
    gpu.returns_nullptr = True
    with pytest.raises(EngineError, match=REASON):
        begin(importlib.import_module(f"edgecrack.engines.{module}"))
