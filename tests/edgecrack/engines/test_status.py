"""Whether the engines that a bundle needs are there."""

import importlib

import pytest

from edgecrack.engines.status import engine_states
from edgecrack.errors import EngineError
from tests.doubles.install import doubles


def ensure(bundle):
    """Build the FP16 engine of a bundle."""
    building = importlib.import_module("edgecrack.engines.building")
    building.ensure_engine(bundle, bundle.model("fp16"), lambda *_: None)


def test_each_state_says_what_to_do(tiny, cache):
    """Missing, ok, damaged and stale; nothing is loaded to find out."""
    with doubles("10.3.0") as gpu:
        (state,) = engine_states(tiny)
        assert (state.state, state.precision, state.file) == ("missing", "fp16", "model.fp16.onnx")
        assert (state.width_px, state.height_px, state.sidecar) == (96, 64, None)
        command = f"run 'edgecrack engine build {tiny.path} --precision fp16 --size 96x64'"
        assert command in state.why
        ensure(tiny)
        before = gpu.deserialised
        (state,) = engine_states(tiny)
        assert (state.state, state.why, state.sidecar.key) == ("ok", "", state.key)
        (cache / f"{state.key}.plan").write_bytes(b"")
        (state,) = engine_states(tiny)
        assert (state.state, "is damaged" in state.why) == ("damaged", True)
        assert gpu.deserialised == before
    with doubles("11.4.0.106"):
        (newer,) = engine_states(tiny)
        assert (newer.state, state.key in newer.why, newer.key in newer.why) == (
            "stale",
            True,
            True,
        )


@pytest.mark.usefixtures("no_libraries")
def test_where_there_is_no_tensorrt_it_says_so(tiny):
    """Whoever asks has asked `describe_libraries` before, or gets one sentence."""
    with pytest.raises(EngineError, match="tensorrt cannot be loaded here"):
        engine_states(tiny)
