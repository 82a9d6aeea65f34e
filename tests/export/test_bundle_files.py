"""What lies in the folder of a bundle, and that it is what the manifest says."""

import numpy as np
import pytest

from edgecrack.bundle import load_bundle
from edgecrack.models.selftest import decode_picture, decode_plane
from edgecrack.segmenters import load_segmenter
from edgecrack.synthetic.golden import golden_frames


def test_a_folder_holds_what_its_manifest_lists(tiny_bundle, tiny):
    """No file is unlisted, and each has the digest of its bytes."""
    files = {p.relative_to(tiny_bundle).as_posix() for p in tiny_bundle.rglob("*") if p.is_file()}
    assert files == set(tiny.manifest.files) | {"manifest.json"}
    assert load_bundle(tiny_bundle).sha256 == tiny.sha256


def test_what_can_be_read_off_the_network_is(tiny, tiny_net):
    """Stride, parameters and multiplications are the network's own."""
    manifest = tiny.manifest
    assert manifest.stride_px == 4
    assert manifest.parameters == sum(each.numel() for each in tiny_net.parameters())
    assert manifest.macs_per_pixel * 96 * 64 == pytest.approx(1_953_792)
    (entry,) = manifest.models
    assert (entry.precision, entry.width_px, entry.height_px) == ("fp32", 96, 64)
    assert (entry.max_levels, entry.min_mask_iou) == (2, 0.999)


def test_golden_frames_are_the_synthetic_drives(tiny):
    """They lie there without loss, each with the answer of the exported network."""
    segmenter = load_segmenter(tiny)
    made = golden_frames(96, 64)
    assert {each.kind for each in tiny.manifest.golden} == set(made)
    for each in tiny.manifest.golden:
        frame = decode_picture(tiny.read(each.frame), each.frame)
        assert np.array_equal(frame, made[each.kind])
        answer = decode_plane(tiny.read(each.probability), each.probability)
        assert np.array_equal(answer, segmenter.probability(frame))
