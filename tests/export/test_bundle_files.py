"""What lies in the folder of a bundle, and that it is what the manifest says."""

import numpy as np
import pytest

from edgecrack.bundle import load_bundle
from edgecrack.models.golden_files import decode_picture, decode_plane
from edgecrack.models.selftest import selftest
from edgecrack.segmenters import ModelSpec, load_segmenter
from edgecrack.synthetic.golden import golden_frames
from export.bundle_files import write_files


def test_a_folder_holds_what_its_manifest_lists(tiny_bundle, tiny):
    """No file is unlisted, and each has the digest of its bytes."""
    files = {p.relative_to(tiny_bundle).as_posix() for p in tiny_bundle.rglob("*") if p.is_file()}
    assert files == set(tiny.manifest.files) | {"manifest.json"}
    assert load_bundle(tiny_bundle).sha256 == tiny.sha256


def test_figures_of_the_network_are_its_own(tiny, tiny_net):
    """Stride, parameters and multiplications are read off the network."""
    manifest = tiny.manifest
    assert manifest.stride_px == 4
    assert manifest.parameters == sum(weight.numel() for weight in tiny_net.parameters())
    assert manifest.macs_per_pixel * 96 * 64 == pytest.approx(1_953_792)
    entry, brain, half = manifest.models
    assert (entry.precision, entry.width_px, entry.height_px) == ("fp32", 96, 64)
    assert (entry.max_levels, entry.min_mask_iou) == (2, 0.995)
    assert (brain.precision, brain.file) == ("bf16", entry.file)
    assert (half.precision, half.file) == ("fp16", "model.fp16.onnx")
    assert (half.max_levels, half.min_mask_iou) == (8, 0.98)


def test_golden_frames_are_the_synthetic_drives(tiny):
    """They are stored without loss, each with the answer of the exported network."""
    segmenter = load_segmenter(tiny)
    rendered = golden_frames(96, 64)
    assert {golden.kind for golden in tiny.manifest.golden} == set(rendered)
    for golden in tiny.manifest.golden:
        frame = decode_picture(tiny.read(golden.frame), golden.frame)
        assert np.array_equal(frame, rendered[golden.kind])
        answer = decode_plane(tiny.read(golden.probability), golden.probability)
        assert np.array_equal(answer, segmenter.answer(frame).probability)


def test_every_size_has_its_golden_frames(tiny_net, card, tmp_path):
    """The default size has three, each other two, and the one file proves itself at each."""
    bundle = write_files(tiny_net, [(96, 64), (100, 60)], card, tmp_path)
    for size_px, kinds in (((96, 64), {"crack", "clean", "dark"}), ((100, 60), {"crack", "dark"})):
        golden = bundle.manifest.golden_of(size_px)
        assert {entry.kind for entry in golden} == kinds
        for entry in golden:
            frame = decode_picture(bundle.read(entry.frame), entry.frame)
            assert frame.shape == (*size_px[::-1], 3)
    assert len({golden.frame for golden in bundle.manifest.golden}) == 5
    networks = {path.name for path in tmp_path.glob("*.onnx")}
    assert networks == {"model.fp32.onnx", "model.fp16.onnx"}
    assert selftest(bundle, ModelSpec(precision="fp32")).passed
