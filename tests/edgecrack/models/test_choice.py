"""What runs a bundle: the fastest whose masks are those of FP32, chosen once and remembered."""

import json
import shutil
import sys
from types import SimpleNamespace

import pytest

from edgecrack.errors import BundleError, NotHealthyError, SinkError
from edgecrack.models import choice as module
from edgecrack.models import selftest
from edgecrack.models.choice import choose, fastest
from edgecrack.models.golden_result import GoldenResult
from edgecrack.models.selftest import NetworkResult
from edgecrack.models.variants import Variant, unavailable, variants
from edgecrack.segmenters import ModelSpec, backends
from tests.doubles.install import doubles


def result(latency_ms, both_px=1000, reason=""):
    """Return what a self-test said: a time, and how many of 1,000 mask pixels agree."""
    golden = GoldenResult("crack", "probability", 9, 0.9, both_px, 1000, passed=True,
                          refuses_zeros=True)  # fmt: skip
    return NetworkResult("m.onnx", "b", "p", 96, 64, (golden,), latency_ms, reason)


SLOW, QUICK, OTHER = Variant("a", "fp32"), Variant("b", "bf16"), Variant("c", "int8")


def test_the_fastest_that_agrees_is_chosen():
    """A faster one that failed, or whose masks differ by more than 2 %, is not."""
    found = fastest([(SLOW, result(30)), (QUICK, result(10, 980)), (OTHER, result(5, 979))])
    assert (found.backend, found.precision) == ("b", "bf16")
    for words in ("10.0 ms", "a fp32 30.0 ms", "c int8 5.0 ms, but mask IoU 0.979"):
        assert words in found.why
    found = fastest([(SLOW, result(30)), (QUICK, result(10, reason="differs"))])
    assert (found.backend, found.precision) == ("a", "fp32")
    assert "b bf16 differs" in found.why


def test_what_the_bundle_says_of_a_precision_counts_too():
    """Golden frames are few: masks that differ on validation pictures are others."""
    results = [(SLOW, result(30)), (QUICK, result(10)), (OTHER, result(5))]
    found = fastest(results, {"int8": 0.97, "bf16": 0.98, "fp32": None})
    assert (found.backend, found.precision) == ("b", "bf16")
    assert "c int8 5.0 ms, but mask IoU 0.970" in found.why
    assert fastest(results).backend == "c"


def test_without_any_that_agrees_there_is_no_choice():
    """The error names each with its reason."""
    with pytest.raises(NotHealthyError, match=r"a fp32 broken; c int8 5\.0 ms, but"):
        fastest([(SLOW, result(30, reason="broken")), (OTHER, result(5, 900))])


@pytest.fixture
def cache(tmp_path, monkeypatch):
    """Return a folder of its own for what is remembered."""
    monkeypatch.setattr(module, "cache_folder", lambda: tmp_path / "deep" / "cache")
    return tmp_path / "deep" / "cache"


@pytest.fixture
def proved(monkeypatch):
    """Return the variants that have been proved since, in order."""
    calls = []
    real = selftest.prove

    def _prove(bundle, network, variant, **options):
        calls.append(variant)
        return real(bundle, network, variant, **options)

    monkeypatch.setattr(module, "prove", _prove)
    return calls


def tried(bundle):
    """Return the variants that may be the fastest."""
    proof_only = Variant("onnxruntime", "fp16")
    return [variant for variant in variants(bundle) if variant != proof_only]


@pytest.mark.usefixtures("cache")
def test_a_candidate_that_cannot_be_loaded_is_left_out(tiny, monkeypatch):
    """It has failed, with what it said; the others are tried all the same."""
    real = selftest.prove

    def _prove(bundle, network, variant, **options):
        if variant.backend == "onnxruntime":
            raise BundleError("it is broken.")
        return real(bundle, network, variant, **options)

    monkeypatch.setattr(module, "prove", _prove)
    if len(variants(tiny)) > 1:
        found = choose(tiny, ModelSpec())
        assert found.backend == "openvino"
        assert "onnxruntime fp32 it is broken" in found.why


def test_a_choice_is_made_once(tiny, cache, proved):
    """Every candidate is proved the first time, none the second, and the answer is the same."""
    told = []
    first = choose(tiny, ModelSpec(), lambda *what: told.append(what))
    assert proved == tried(tiny)
    assert len(proved) >= 2
    assert told == [("backends tried", done, len(proved)) for done in range(len(proved) + 1)]
    assert choose(tiny, ModelSpec()) == first
    assert proved == tried(tiny)
    assert len(list(cache.iterdir())) == 1


def test_another_size_or_library_is_another_choice(tiny, cache, proved, monkeypatch):
    """What the choice depends on is in the fingerprint."""
    choose(tiny, ModelSpec())
    once = len(proved)
    choose(tiny, ModelSpec(size_px=(96, 64)))
    assert len(proved) == 2 * once
    monkeypatch.setattr("edgecrack.segmenters.ort.version", lambda: "0.0")
    choose(tiny, ModelSpec())
    monkeypatch.setattr(module, "processor_flags", lambda: "none")
    choose(tiny, ModelSpec())
    assert len(proved) == 4 * once
    assert len(list(cache.iterdir())) == 4


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "null", '{"backend": "x", "precision": "fp32", "why": "y"}',
             '{"backend": "onnxruntime", "precision": "fp32", "why": 3}', "\0"]
)  # fmt: skip
def test_what_is_remembered_wrongly_is_forgotten(tiny, cache, proved, text):
    """A damaged or foreign note is as good as none, and is replaced."""
    first = choose(tiny, ModelSpec())
    (note,) = cache.iterdir()
    note.write_text(text)
    assert choose(tiny, ModelSpec()).backend in {"onnxruntime", "openvino"}
    assert len(proved) == 2 * len(tried(tiny))
    assert set(json.loads(note.read_text())) == {"backend", "precision", "why"}
    assert first.backend


def test_a_home_that_cannot_be_written_is_no_fault(tiny, cache, proved):
    """The choice is made anew each time."""
    cache.parent.write_text("a file where the folder should be")
    choose(tiny, ModelSpec())
    choose(tiny, ModelSpec())
    assert len(proved) == 2 * len(tried(tiny))


@pytest.mark.parametrize("is_full", [True, False], ids=["full", "unwritable"])
def test_an_engine_that_cannot_be_kept_stops_no_run(tiny, cache, tmp_path, monkeypatch, is_full):
    """Another backend runs, no minutes are lost, and it is tried again when there is room."""
    engines = tmp_path / "engines"
    monkeypatch.setenv("XDG_CACHE_HOME", str(engines))
    with doubles("10.3.0") as gpu:
        with monkeypatch.context() as patch:
            if is_full:
                usage = SimpleNamespace(free=1_000_000)
                patch.setattr(shutil, "disk_usage", lambda _folder: usage)
            else:
                engines.write_text("a file where the folder should be")
            found = choose(tiny, ModelSpec())
            assert found.backend != "tensorrt"
            assert f"engines must be kept in {engines}" in found.why
            assert "--out" not in found.why
            with pytest.raises(SinkError, match="XDG_CACHE_HOME"):
                choose(tiny, ModelSpec(backend="tensorrt"))
            assert gpu.timed == []
            assert not cache.exists()
        if not is_full:
            engines.unlink()
        choose(tiny, ModelSpec())
        assert gpu.timed


def test_a_choice_whose_engine_cannot_be_kept_any_more_is_made_anew(tiny, cache, monkeypatch):
    """It was remembered when there was room; it counts again as soon as there is."""
    choose(tiny, ModelSpec())
    (note,) = cache.iterdir()
    chosen = {"backend": "openvino", "precision": "fp32", "why": "it was the fastest"}
    note.write_text(json.dumps(chosen))

    def full(*_):
        raise SinkError("the disk is full")

    with monkeypatch.context() as patch:
        patch.setattr("edgecrack.segmenters.ov.prepare", full)
        found = choose(tiny, ModelSpec())
    assert (found.backend, "the disk is full" in found.why) == ("onnxruntime", True)
    assert choose(tiny, ModelSpec()).why == "it was the fastest"


def test_what_was_asked_for_is_not_proved(tiny, cache, proved):
    """Whoever names both gets both; naming one leaves the other open."""
    asked = ModelSpec(backend="onnxruntime", precision="fp32")
    assert choose(tiny, asked).applied_to(ModelSpec()) == asked
    assert proved == []
    assert choose(tiny, ModelSpec(backend="onnxruntime")).precision == "fp32"
    assert not cache.exists()


def test_fp16_is_not_waited_for_where_it_is_computed_in_fp32(tiny, cache, proved):
    """ONNX Runtime only proves it: it is not tried, and is taken when it is named."""
    assert Variant("onnxruntime", "fp16") in variants(tiny)
    choose(tiny, ModelSpec())
    assert Variant("onnxruntime", "fp16") not in proved
    named = choose(tiny, ModelSpec(backend="onnxruntime", precision="fp16"))
    assert (named.backend, named.precision) == ("onnxruntime", "fp16")
    assert choose(tiny, ModelSpec(backend="onnxruntime")).precision == "fp32"
    assert len(list(cache.iterdir())) == 1


def test_a_backend_that_is_not_installed_is_told_of(tiny, cache, monkeypatch):
    """It is left out of the choice; asked for, it ends in a sentence that says what there is."""
    monkeypatch.setitem(sys.modules, "edgecrack.segmenters.ov", None)
    assert variants(tiny) == (Variant("onnxruntime", "fp32"), Variant("onnxruntime", "fp16"))
    assert unavailable(tiny)["openvino"].startswith("not installed")
    assert choose(tiny, ModelSpec()).backend == "onnxruntime"
    with pytest.raises(BundleError, match=r"\[openvino\].*use onnxruntime"):
        backends.leaf("openvino")
    with pytest.raises(BundleError, match=r"\[openvino\]"):
        choose(tiny, ModelSpec(backend="openvino"))
    assert not cache.exists()


def test_an_import_that_is_interrupted_is_no_missing_library(monkeypatch):
    """Machine code makes an ImportError of Ctrl-C; whoever pressed it wants the end."""

    def interrupted(name):
        raise ImportError(name) from KeyboardInterrupt()

    monkeypatch.setattr(backends, "import_module", interrupted)
    with pytest.raises(KeyboardInterrupt):
        backends.problem("openvino")


def test_a_precision_that_the_bundle_lacks_is_refused(tiny, cache):
    """It says what the bundle holds."""
    with pytest.raises(BundleError, match="holds fp32 96x64"):
        choose(tiny, ModelSpec(precision="int8"))
    assert not cache.exists()
