"""A bundle proves every network it holds, or says which one fails and why."""

import json
import shutil

import cv2
import numpy as np
import pytest

from edgecrack.bundle import load_bundle
from edgecrack.errors import BundleError, NotHealthyError
from edgecrack.models.golden_files import decode_plane
from edgecrack.models.selftest import NetworkResult, SelfTest, selftest
from edgecrack.segmenters import ModelSpec

SMALL = "model.fp32.onnx"
REFERENCE = ModelSpec(backend="onnxruntime", precision="fp32")
PROBABILITY = "golden/crack.96x64.probability.png"


def png(plane):
    """Return a picture as PNG."""
    return cv2.imencode(".png", plane)[1].tobytes()


def reasons(result):
    """Return why each network failed, those that passed left out."""
    return {network.file: network.reason for network in result.networks if not network.passed}


@pytest.fixture
def expecting(bundle_copy, manifest):
    """Return a function that changes what is expected of the golden frame with a crack."""

    def _expecting(change):
        path = bundle_copy / PROBABILITY
        path.write_bytes(png(change(decode_plane(path.read_bytes(), PROBABILITY))))
        manifest.seal()
        return load_bundle(bundle_copy)

    return _expecting


def test_a_good_bundle_passes(tiny):
    """Every golden frame is run, here to the very level, and the JSON says so."""
    result = selftest(tiny, REFERENCE)
    assert result.passed
    result.require()
    (network,) = result.networks
    assert (network.file, network.precision, network.reason) == (SMALL, "fp32", "")
    assert {golden.kind for golden in network.golden} == {"crack", "clean", "dark"}
    assert all(golden.worst_levels <= 1 and golden.mask_iou > 0.999 for golden in network.golden)
    assert (result.name, result.release, result.sha256) == ("tiny", "0.0.1", tiny.sha256)
    assert (network.backend, network.width_px, network.height_px) == ("onnxruntime", 96, 64)
    assert 0 < network.latency_ms < 60_000
    assert 10_000_000 < result.peak_memory_bytes < 100_000_000_000
    values = json.loads(json.dumps(result.as_json()))
    assert (values["passed"], values["networks"][0]["reason"]) == (True, "")


def test_another_answer_fails_although_every_digest_fits(expecting):
    """A golden answer that is off by three levels of 255 is seen, in that frame alone."""
    result = selftest(expecting(lambda plane: plane - 3), REFERENCE)
    assert not result.passed
    (network,) = result.networks
    (failed,) = (golden for golden in network.golden if not golden.passed)
    assert failed.kind == "crack"
    assert failed.worst_levels in {2, 3, 4}
    assert "crack" in network.reason


def test_a_mask_that_differs_fails_although_every_level_is_near(expecting, tiny):
    """Two levels are allowed, but not where they turn a mask into another."""
    threshold = tiny.manifest.threshold

    def flipped(plane):
        near = (plane >= threshold) & (plane < threshold + 2)
        assert near.sum() > 1
        return plane - 2 * near.astype(np.uint8)

    (network,) = selftest(expecting(flipped), REFERENCE).networks
    assert all(golden.worst_levels <= 2 for golden in network.golden)
    assert not network.passed
    assert network.mask_iou < 0.999
    assert "IoU" in network.reason


def test_tolerances_are_the_manifests_own(expecting, manifest, bundle_copy, tiny):
    """A network may promise less, within bounds, and is then held to that: levels and IoU."""
    threshold = tiny.manifest.threshold

    def changed(plane):
        """Lower most levels by four, and one pixel of a hundred below the threshold."""
        crack = plane >= threshold
        lowered = np.where((plane > 4) & (~crack | (plane >= threshold + 4)), plane - 4, plane)
        near = np.argwhere(crack & (plane < threshold + 4))[: crack.sum() // 100]
        lowered[tuple(near.T)] -= 4
        return lowered

    for levels, iou, passes in ((6, 0.98, True), (2, 0.98, False), (6, 0.999, False)):
        manifest.change(("models", 0, "max_levels"), levels)
        manifest.change(("models", 0, "min_mask_iou"), iou)
        shutil.copy(tiny.path / PROBABILITY, bundle_copy / PROBABILITY)
        assert selftest(expecting(changed), REFERENCE).passed == passes


def test_without_golden_frames_nothing_is_proved(manifest, bundle_copy):
    """A network that brings no proof does not pass."""
    manifest.change(("golden",), [])
    result = selftest(load_bundle(bundle_copy))
    assert set(reasons(result)) == {network.file for network in result.networks}
    assert SMALL in reasons(result)


def test_a_choice_that_the_bundle_lacks_is_refused(tiny):
    """What a run would refuse, the self-test refuses."""
    with pytest.raises(BundleError):
        selftest(tiny, ModelSpec(precision="int8"))


def test_a_verdict_of_no_is_an_error_that_names_the_network(manifest, bundle_copy):
    """``require`` raises what ends a program with 3."""
    manifest.change(("golden",), [])
    with pytest.raises(NotHealthyError, match=SMALL) as raised:
        selftest(load_bundle(bundle_copy)).require()
    assert raised.value.exit_code == 3


def test_a_golden_answer_of_another_size_is_refused(expecting):
    """What cannot be compared names its file."""
    with pytest.raises(BundleError, match=PROBABILITY):
        selftest(expecting(lambda plane: plane[:-1]))


@pytest.mark.parametrize("content", [b"", b"no picture", png(np.zeros((5, 5, 3), np.uint8))])
def test_a_golden_frame_that_cannot_be_shown_is_refused(manifest, bundle_copy, content):
    """Neither text nor a picture of another size is given to the network."""
    (bundle_copy / "golden" / "dark.96x64.frame.webp").write_bytes(content)
    manifest.seal()
    with pytest.raises(BundleError):
        selftest(load_bundle(bundle_copy))


def test_every_network_that_fails_is_named():
    """The error lists each with its own reason, one after the other."""
    networks = tuple(
        NetworkResult(f"{n}.onnx", "fake", "fp32", 96, 64, (), 1.0, f"reason {n}") for n in (1, 2)
    )
    with pytest.raises(NotHealthyError, match=r"1\.onnx .* reason 1; 2\.onnx .* reason 2"):
        SelfTest("m", "1", "0" * 64, networks, {}, 1).require()


@pytest.mark.parametrize("precision", ["fp16", "int8"])
def test_a_network_of_another_precision_than_declared_fails(manifest, bundle_copy, precision):
    """Its weights are looked at: those of FP32 are not half as long because a manifest says so."""
    manifest.change(("models", 2), ...)  # the bundle's own FP16
    manifest.change(("models", 0, "precision"), precision)
    spec = ModelSpec(backend="onnxruntime", precision=precision)
    result = selftest(load_bundle(bundle_copy), spec)
    assert [network.precision for network in result.networks] == ["fp32"]
    with pytest.raises(NotHealthyError, match=SMALL):
        result.require()
