"""TensorRT on a GPU that is not there: the engine that fits, its lanes, and its end."""

import hashlib
import importlib
import json
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from edgecrack.bundle import load_bundle
from edgecrack.engines.sidecar import parse_sidecar
from edgecrack.engines.store import EngineStore
from edgecrack.errors import BundleError, EngineError
from edgecrack.models import default_bundle
from edgecrack.models.selftest import prove
from edgecrack.models.variants import Variant, unavailable, variants
from edgecrack.segmenters import ModelSpec, backends, load_segmenter
from edgecrack.segmenters.backends import prepare
from tests.doubles.install import doubles

FP16 = ModelSpec(backend="tensorrt", precision="fp16")


def picture(seed=5):
    """Return a picture of 96x64, always the same."""
    return np.random.default_rng(seed).integers(0, 256, (64, 96, 3), np.uint8)


def loaded(tiny, *, live=False):
    """Return a segmenter whose engine is built if there is none."""
    prepare("tensorrt", tiny, tiny.model("fp16"))
    return load_segmenter(tiny, FP16, live=live)


@pytest.mark.usefixtures("any_gpu")
@pytest.mark.parametrize("precision", ["fp16", "fp32"])
def test_answers_are_those_of_onnx_runtime(tiny, precision):
    """Picture for picture, in every version, in the precision that was inspected."""
    prepare("tensorrt", tiny, tiny.model(precision))
    spec = ModelSpec(backend="tensorrt", precision=precision)
    reference = load_segmenter(tiny, ModelSpec(backend="onnxruntime", precision=precision))
    with closing(load_segmenter(tiny, spec)) as segmenter:
        assert (segmenter.precision, segmenter.at_once) == (precision, 2)
        for seed in range(6):
            own, other = (each.answer(picture(seed)).probability for each in (segmenter, reference))
            assert np.array_equal(own, other)


@pytest.mark.slow
@pytest.mark.usefixtures("gpu")
def test_a_network_with_two_answers_is_run():
    """Crack and road each have buffers of their own."""
    bundle, picture = default_bundle(), np.random.default_rng(1)
    entry = bundle.model()
    frame = picture.integers(0, 256, (entry.height_px, entry.width_px, 3), np.uint8)
    prepare("tensorrt", bundle, entry)
    own = ModelSpec(backend="tensorrt", precision="fp32")
    with closing(load_segmenter(bundle, own, live=True)) as segmenter:
        answers = [each.answer(frame).planes for each in (segmenter, load_segmenter(bundle))]
    assert list(answers[0]) == ["probability", "road"]
    for name, plane in answers[0].items():
        assert np.array_equal(plane, answers[1][name])


@pytest.mark.usefixtures("gpu")
def test_an_engine_without_a_convolution_cannot_be_inspected(bundle_copy, manifest, red):
    """What nobody can read back is not taken on trust."""
    (bundle_copy / "model.fp32.onnx").write_bytes(red())
    manifest.seal()
    bundle = load_bundle(bundle_copy)
    with pytest.raises(EngineError, match="shows no convolution"):
        prepare("tensorrt", bundle, bundle.model())


@pytest.mark.usefixtures("gpu")
def test_the_self_test_proves_it(tiny):
    """The same golden frames, the same tolerances; the engine is built before."""
    result = prove(tiny, tiny.model("fp16"), Variant("tensorrt", "fp16"))
    assert (result.passed, result.precision) == (True, "fp16")
    assert not prepare("tensorrt", tiny, tiny.model("fp16"))  # there, and proved


def test_a_file_is_two_pictures_at_once_as_memory_allows(gpu, tiny):
    """Where there is no memory for a second lane one does; for none at all it is an error."""
    with closing(loaded(tiny)) as segmenter:
        assert (segmenter.at_once, "2 frame(s)" in segmenter.backend) == (2, True)
        both = gpu.used_bytes()
    gpu.room_bytes = both - 1
    with closing(loaded(tiny)) as segmenter:
        assert segmenter.at_once == 1
        segmenter.answer(picture())
    gpu.room_bytes = both // 2 - 1
    with pytest.raises(EngineError, match="memory is full"):
        loaded(tiny)
    gpu.room_bytes = 1000
    with pytest.raises(EngineError, match="memory to run, but: Requested amount"):
        loaded(tiny)


def test_closing_with_a_frame_in_flight_is_clean(gpu, tiny):
    """The frame comes to its end, then its lane goes, and with the last one the engine."""
    segmenter = loaded(tiny)
    alone = segmenter.answer(picture()).probability
    gpu.gate.clear()
    with ThreadPoolExecutor(4) as pool:
        begun = [pool.submit(segmenter.answer, picture()) for _ in range(4)]
        while sum(len(memory.users) for memory in gpu.host) < 4:  # two lanes, two buffers each
            threading.Event().wait(0.001)
        segmenter.close()  # the other two wait for a lane: they are refused
        segmenter.close()
        gpu.gate.set()
        ended = [each.exception() for each in begun]
    assert sorted(type(each).__name__ for each in ended) == ["BundleError"] * 2 + ["NoneType"] * 2
    for each in begun:
        if each.exception() is None:
            assert np.array_equal(each.result().probability, alone)
    assert gpu.leaks() == []


def test_without_an_engine_it_says_how_to_build_one(gpu, tiny):
    """Loading never builds: a unit that changes its model must not stand still for minutes."""
    with pytest.raises(EngineError, match=r"needs an engine, but there is no .*'edgecrack engine"):
        load_segmenter(tiny, FP16)
    assert gpu.timed == []


@pytest.mark.usefixtures("engine_cache")
@pytest.mark.parametrize(
    ("gpu_has", "version", "difference"),
    [
        ({}, "10.16.1.11", "tensorrt 10.3.0, not 10.16.1.11"),
        ({"NAME": "Thor"}, "10.3.0", "device Orin, not Thor"),
        ({"MULTIPROCESSORS": "8"}, "10.3.0", "multiprocessors 16, not 8"),
    ],
    ids=["stale", "foreign", "smaller"],
)
def test_a_stale_or_foreign_engine_is_never_loaded(tiny, monkeypatch, gpu_has, version, difference):
    """Both fingerprints are named, and not one byte of the plan goes to TensorRT."""
    with doubles("10.3.0"):
        prepare("tensorrt", tiny, tiny.model("fp16"))
    (there,) = EngineStore().engines()
    for fact, value in gpu_has.items():
        monkeypatch.setenv(f"GPU_DOUBLE_{fact}", value)
    with doubles(version) as gpu:
        with pytest.raises(EngineError) as raised:
            load_segmenter(tiny, FP16)
        assert gpu.deserialised == 0
        building = importlib.import_module("edgecrack.engines.building")
        wanted = building.wanted_fingerprint(tiny, tiny.model("fp16"))
        for words in (there.key, wanted.key, difference, "--precision fp16 --size 96x64"):
            assert words in str(raised.value)
        assert prepare("tensorrt", tiny, tiny.model("fp16"))
        load_segmenter(tiny, FP16).close()
        assert gpu.leaks() == []


def test_a_damaged_plan_is_never_loaded(gpu, tiny, engine_cache):
    """Its digest is checked before TensorRT sees it; what prepares a run builds it anew."""
    loaded(tiny).close()
    (plan,) = engine_cache.glob("*.plan")
    plan.write_bytes(plan.read_bytes()[:-1])
    before = gpu.deserialised
    with pytest.raises(EngineError, match=r"damaged.*the next run builds it anew"):
        load_segmenter(tiny, FP16)
    assert gpu.deserialised == before
    loaded(tiny).close()


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda plan: b"DOUBLE PLAN " + plan[:-1], "magic"),
        (lambda plan: plan.replace(b'"10.3.0"', b'"10.4.0"'), "magic"),
    ],
)
def test_a_plan_that_tensorrt_refuses_is_an_error(tiny, engine_cache, change, reason):
    """Where sidecar and digest fit, TensorRT has the last word; then another one is built."""
    loaded(tiny).close()
    (known,) = EngineStore().engines()
    forged = change(EngineStore().plan(known))
    (engine_cache / f"{known.key}.plan").write_bytes(forged)
    values = known.as_json() | {"plan_sha256": hashlib.sha256(forged).hexdigest()}
    path = engine_cache / f"{known.key}.json"
    path.write_text(json.dumps(values))
    assert parse_sidecar(path.read_bytes()).key == known.key
    with pytest.raises(EngineError, match=rf"must load the engine of .*{reason}.*it anew"):
        load_segmenter(tiny, FP16)
    assert EngineStore().engines() == []
    loaded(tiny).close()


def test_without_memory_a_good_engine_stays(gpu, tiny):
    """TensorRT refuses to load it for now, not for good."""
    loaded(tiny).close()
    gpu.load_problem = "Requested amount of GPU memory (9 bytes) could not be allocated."
    with pytest.raises(EngineError, match=r"could not be allocated; close other programs"):
        load_segmenter(tiny, FP16)
    gpu.load_problem = ""
    load_segmenter(tiny, FP16).close()


@pytest.mark.usefixtures("gpu")
def test_an_engine_of_another_precision_is_refused_when_it_is_loaded(tiny, engine_cache):
    """What a plan computes in is read from the plan itself, not from its sidecar."""
    prepare("tensorrt", tiny, tiny.model("fp32"))
    (fp32,) = EngineStore().engines()
    plan = EngineStore().plan(fp32)
    prepare("tensorrt", tiny, tiny.model("fp16"))
    fp16 = EngineStore().engines()[-1]
    values = fp16.as_json() | {"plan_sha256": fp32.plan_sha256}
    (engine_cache / f"{fp16.key}.json").write_text(json.dumps(values))
    (engine_cache / f"{fp16.key}.plan").write_bytes(plan)
    with pytest.raises(EngineError, match="TensorRT built 8 in fp32"):
        load_segmenter(tiny, FP16)


@pytest.mark.usefixtures("gpu")
def test_what_tensorrt_refuses_to_run_is_an_error(tiny, monkeypatch):
    """It returns false and tells its log: never an answer out of old memory."""
    with closing(loaded(tiny)) as segmenter:
        context = importlib.import_module("tests.doubles.trt_run").IExecutionContext
        with monkeypatch.context() as patch:
            patch.setattr(context, "execute_async_v3", lambda _self, _handle: False)
            with pytest.raises(EngineError, match="must run, but: it"):
                segmenter.answer(picture())
        assert segmenter.answer(picture()).probability.any()


@pytest.mark.usefixtures("gpu")
def test_a_picture_is_copied_before_its_memory_is_used_again(tiny):
    """The answer does not change when the next one comes."""
    with closing(loaded(tiny, live=True)) as segmenter:
        first = segmenter.answer(picture(1)).probability
        kept = first.copy()
        segmenter.answer(picture(2))
        assert np.array_equal(first, kept)


@pytest.mark.usefixtures("gpu")
def test_without_waiting_the_answer_would_be_poison(tiny, monkeypatch):
    """The double shows what a missing synchronisation does: nothing is computed yet."""
    stream = importlib.import_module("edgecrack.engines.gpu").Stream
    segmenter = loaded(tiny, live=True)
    with monkeypatch.context() as patch:
        patch.setattr(stream, "wait", lambda _self: None)
        assert set(np.unique(segmenter.answer(picture()).probability)) == {0xA5}
    segmenter.close()


@pytest.mark.usefixtures("engine_cache")
def test_without_a_gpu_nothing_is_offered(tiny, monkeypatch):
    """The library alone is not enough, and auto takes another backend."""
    for count in ("0", "-1"):
        monkeypatch.setenv("GPU_DOUBLE_COUNT", count)
        with doubles("10.3.0"):
            assert all(each.backend != "tensorrt" for each in variants(tiny))
            assert unavailable(tiny)["tensorrt fp16"]
            with pytest.raises(BundleError, match="tensorrt cannot run precision fp16 here"):
                prepare("tensorrt", tiny, tiny.model("fp16"))


@pytest.mark.usefixtures("gpu")
def test_with_a_gpu_fp16_is_offered(tiny):
    """FP32 only by name: an engine takes minutes. BF16 and the INT8 of processors never."""
    assert [each for each in variants(tiny) if each.backend == "tensorrt"] == [
        Variant("tensorrt", "fp16")
    ]
    leaf = backends.leaf("tensorrt")
    assert leaf.refusal("fp32") is None
    assert leaf.refusal("int8-trt") is None
    assert "processors" in leaf.refusal("int8")
    assert "FP32" in leaf.refusal("bf16")


def test_without_the_library_it_says_how_to_get_it(tiny, monkeypatch):
    """TensorRT comes with JetPack and not with pip."""
    monkeypatch.setitem(sys.modules, "tensorrt", None)
    monkeypatch.delitem(sys.modules, "edgecrack.segmenters.trt", raising=False)
    with pytest.raises(BundleError, match=r"tensorrt needs a library.*python3-libnvinfer.*link"):
        load_segmenter(tiny, FP16)


def test_a_graph_replays_the_same_answers(gpu, tiny, monkeypatch):
    """Two lanes have a graph each; without the switch there is none."""
    with closing(loaded(tiny)) as segmenter:
        assert gpu.graphs == 0
        plain = [segmenter.answer(picture(seed)).probability for seed in range(4)]
    monkeypatch.setenv("EDGECRACK_CUDA_GRAPH", "1")
    with closing(loaded(tiny)) as segmenter:
        assert gpu.graphs == 2
        replayed = [segmenter.answer(picture(seed)).probability for seed in range(4)]
    assert np.array_equal(plain, replayed)


def test_a_graph_that_cannot_be_is_an_error(gpu, tiny, monkeypatch):
    """Without the library, and where the GPU refuses it: nothing falls back without a word."""
    prepare("tensorrt", tiny, tiny.model("fp16"))
    monkeypatch.setenv("EDGECRACK_CUDA_GRAPH", "1")
    gpu.refuses_graphs = True
    with pytest.raises(EngineError, match=r"cudaGraphInstantiate must work.*leave EDGECRACK"):
        load_segmenter(tiny, FP16)
    monkeypatch.setitem(sys.modules, "cuda.bindings", None)
    with pytest.raises(EngineError, match="needs cuda-bindings"):
        load_segmenter(tiny, FP16)
