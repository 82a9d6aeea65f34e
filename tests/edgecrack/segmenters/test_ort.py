"""ONNX Runtime: its options, networks it cannot load, networks that are not of the contract."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor, wait

import numpy as np
import onnxruntime
import pytest
from onnxruntime.capi import onnxruntime_pybind11_state as binding

from edgecrack.bundle import load_bundle
from edgecrack.errors import BundleError
from edgecrack.segmenters import ModelSpec, load_segmenter, ort

NETWORK = "model.fp32.onnx"
UINT8, FLOAT = 2, 1  # ONNX element types
FRAME = ("frame", UINT8, (1, 64, 96, 3))
PROBABILITY = ("probability", UINT8, (1, 64, 96))


@pytest.fixture
def replaced(bundle_copy, manifest):
    """Return a function that puts another network into a bundle, with a digest that fits."""

    def _replaced(data):
        (bundle_copy / NETWORK).write_bytes(data)
        manifest.seal()
        return load_bundle(bundle_copy)

    return _replaced


def test_a_network_of_the_contract_is_run(replaced, red):
    """Names, types and shapes that fit are all that is asked of a network."""
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    answer = load_segmenter(replaced(red())).answer(picture).probability
    assert np.array_equal(answer, picture[..., 0])


@pytest.mark.parametrize(
    ("takes", "gives"),
    [
        (("picture", *FRAME[1:]), PROBABILITY),
        (FRAME, ("mask", *PROBABILITY[1:])),
        (("frame", FLOAT, FRAME[2]), ("probability", FLOAT, (1, 64, 96))),
        (("frame", UINT8, (1, 32, 96, 3)), (*PROBABILITY[:2], (1, 32, 96))),
        (("frame", UINT8, ("n", 64, 96, 3)), (*PROBABILITY[:2], ("n", 64, 96))),
        (("frame", UINT8, (1, 64, 96, 4)), PROBABILITY),
    ],
    ids=["input name", "output name", "float", "another size", "any batch", "four channels"],
)
def test_another_contract_is_refused(replaced, red, takes, gives):
    """Nothing is converted on the way in or out, so what does not fit exactly is refused."""
    bundle = replaced(red(takes, gives))
    with pytest.raises(BundleError, match=NETWORK):
        load_segmenter(bundle)


def test_a_second_output_is_refused(replaced, red):
    """A network has one output: nothing would read another one."""
    bundle = replaced(red(more=[("more", *FRAME[1:])]))
    with pytest.raises(BundleError, match=NETWORK):
        load_segmenter(bundle)


@pytest.fixture
def with_road(replaced, manifest, tiny, red_and_green):
    """Return a function that makes a bundle with a road threshold, of a network."""

    def _with_road(network=red_and_green):
        manifest.change(("road_threshold",), 128)
        for index, golden in enumerate(tiny.manifest.golden):
            manifest.change(("golden", index, "road"), golden.probability)
        return replaced(network)

    return _with_road


def test_a_network_with_road_answers_both(with_road):
    """Probability and road come together, each from its own output."""
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    segmenter = load_segmenter(with_road())
    answer = segmenter.answer(picture)
    assert segmenter.road_threshold == 128
    assert np.array_equal(answer.probability, picture[..., 0])
    assert np.array_equal(answer.road, picture[..., 1])


def test_outputs_that_the_manifest_does_not_tell_are_refused(
    with_road, replaced, red, red_and_green
):
    """A road that is promised must be there, and one that is there must be promised."""
    with pytest.raises(BundleError, match=NETWORK):
        load_segmenter(replaced(red_and_green))
    with pytest.raises(BundleError, match=NETWORK):
        load_segmenter(with_road(red()))


def test_what_is_no_network_is_refused(replaced, red, tiny_bundle):
    """Empty, cut, unknown operators and nonsense each end in a BundleError."""
    whole = (tiny_bundle / NETWORK).read_bytes()
    for data in (
        b"",
        b"\x08\x09",
        whole[: whole.rfind(b"probability")],
        red(operator="Divine"),
    ):
        with pytest.raises(BundleError):
            load_segmenter(replaced(data))


def test_a_network_that_fails_on_a_picture_is_a_bundle_error(replaced, red):
    """A fault that shows only when the network is run names the network."""
    segmenter = load_segmenter(replaced(red(channel=7)))
    with pytest.raises(BundleError, match=NETWORK):
        segmenter.answer(np.zeros((64, 96, 3), np.uint8))


def test_closing_ends_a_network_that_never_answers(replaced, endless, capfd):
    """What runs for ever in another thread is ended by close, with an error there and no log."""
    segmenter = load_segmenter(replaced(endless), live=True)
    begun = threading.Event()

    def probability():
        begun.set()
        segmenter.answer(np.zeros((64, 96, 3), np.uint8))

    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(probability)
        assert begun.wait(30)
        assert not wait([answer], timeout=0.1).done
        segmenter.close()
        with pytest.raises(BundleError):
            answer.result(timeout=30)
    assert capfd.readouterr().err == ""


def test_all_of_onnx_runtimes_own_errors_are_known():
    """The tuple holds what the library can raise of its own, and nothing broader."""
    known = set(ort._REFUSALS)  # noqa: SLF001  what it holds is the claim
    assert {binding.Fail, binding.InvalidProtobuf, binding.InvalidGraph} <= known
    assert all(kind.__module__.startswith("onnxruntime") for kind in known)
    with pytest.raises(ort._REFUSALS):  # noqa: SLF001
        onnxruntime.InferenceSession(b"\x08\x09", providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("live", [False, True])
def test_threads_are_as_many_as_the_source_wants_and_sleep_when_idle(tiny, live):
    """Live: all cores on one frame; file: one thread a frame; none spins while it waits."""
    segmenter = ort.OnnxRuntimeSegmenter(tiny, tiny.model(), live=live)
    cores = len(os.sched_getaffinity(0))
    assert segmenter.at_once == (1 if live else max(2, cores))
    options = segmenter._session.get_session_options()  # noqa: SLF001  what it was opened with
    assert options.intra_op_num_threads == (cores if live else 1)
    assert options.get_session_config_entry("session.intra_op.allow_spinning") == "0"


def test_precision_is_read_from_the_weights_and_not_from_the_manifest(tiny, bundle_copy, manifest):
    """A network that is declared FP16 and holds FP32 is FP32."""
    assert load_segmenter(tiny, ModelSpec(precision="fp16")).precision == "fp16"
    manifest.change(("models", 2, "file"), "model.fp32.onnx")
    declared = load_bundle(bundle_copy)
    assert load_segmenter(declared, ModelSpec(precision="fp16")).precision == "fp32"
    assert load_segmenter(tiny).precision == "fp32"
