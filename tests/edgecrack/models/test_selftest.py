"""A bundle proves itself, or says where it does not."""

import json

import cv2
import numpy as np
import pytest

from edgecrack.bundle import load_bundle
from edgecrack.errors import BundleError
from edgecrack.models.selftest import decode_picture, decode_plane, selftest

PROBABILITY = "golden/crack.probability.png"


def png(plane):
    """Return a picture as PNG."""
    return cv2.imencode(".png", plane)[1].tobytes()


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
    """Every golden frame of every network is run, here to the very level."""
    found = selftest(tiny)
    assert found.passed
    assert {each.kind for each in found.results} == {"crack", "clean", "dark"}
    assert all(each.worst_levels <= 1 and each.mask_iou > 0.999 for each in found.results)
    assert (found.name, found.release, found.sha256) == ("tiny", "0.0.1", tiny.sha256)
    assert found.latency_ms > 0
    assert json.loads(json.dumps(found.as_json()))["passed"] is True


def test_another_answer_fails_although_every_digest_fits(expecting):
    """A golden answer that is off by three levels of 255 is seen, in that frame alone."""
    found = selftest(expecting(lambda plane: plane - 3))
    assert not found.passed
    assert [each.kind for each in found.results if not each.passed] == ["crack"]
    assert next(each for each in found.results if not each.passed).worst_levels in {2, 3, 4}


def test_a_mask_that_differs_fails_although_every_level_is_near(expecting, tiny):
    """Two levels are allowed, but not where they turn a mask into another."""
    threshold = tiny.manifest.threshold

    def flipped(plane):
        near = (plane >= threshold) & (plane < threshold + 2)
        assert near.sum() > 1
        return plane - 2 * near.astype(np.uint8)

    found = selftest(expecting(flipped))
    (failed,) = (each for each in found.results if not each.passed)
    assert failed.worst_levels <= 2
    assert failed.mask_iou < 0.999


def test_tolerances_are_the_manifests_own(expecting, manifest, bundle_copy):
    """A network may promise less, and is then held to that."""
    expecting(lambda plane: plane - 3)
    manifest.change(("models", 0, "max_levels"), 255)
    manifest.change(("models", 0, "min_mask_iou"), 0.0)
    assert selftest(load_bundle(bundle_copy)).passed


def test_without_golden_frames_nothing_is_proved(manifest, bundle_copy):
    """A bundle that brings no proof does not pass."""
    manifest.change(("golden",), [])
    assert not selftest(load_bundle(bundle_copy)).passed


def test_a_golden_answer_of_another_size_is_refused(expecting):
    """What cannot be compared is no proof and no crash."""
    with pytest.raises(BundleError, match="must be as large as the answer"):
        selftest(expecting(lambda plane: plane[:-1]))


@pytest.mark.parametrize("content", [b"", b"no picture", png(np.zeros((5, 5, 3), np.uint8))])
def test_a_golden_frame_that_cannot_be_shown_is_refused(manifest, bundle_copy, content):
    """Neither text nor a picture of another size is given to the network."""
    (bundle_copy / "golden" / "dark.frame.webp").write_bytes(content)
    manifest.seal()
    with pytest.raises(BundleError):
        selftest(load_bundle(bundle_copy))


def test_a_picture_that_claims_to_be_immense_is_refused():
    """A header of 100,000 x 100,000 pixels is an error of ours, not of memory."""
    data = bytearray(png(np.zeros((1, 1), np.uint8)))
    data[16:24] = (100_000).to_bytes(4, "big") * 2
    with pytest.raises(BundleError, match="must be a picture"):
        decode_plane(bytes(data), "golden/x.png")


def test_colours_are_in_the_order_of_the_network():
    """A red picture is red in the first channel."""
    red = np.zeros((2, 2, 3), np.uint8)
    red[..., 2] = 255  # OpenCV writes blue first
    assert decode_picture(png(red), "x")[0, 0].tolist() == [255, 0, 0]
