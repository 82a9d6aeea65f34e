"""The INT8 file for TensorRT becomes an INT8 engine; the GPU is a double."""

import json
import shutil

import pytest

from edgecrack.bundle import load_bundle
from edgecrack.models.selftest import prove
from edgecrack.models.variants import Variant, variants
from edgecrack.segmenters.backends import leaf
from edgecrack.synthetic.golden import golden_frames
from export.quantising import quantised
from tests.conftest import TINY_BUNDLE, Manifest
from tests.doubles.install import VERSIONS, doubles

FILE = "model.int8-trt.onnx"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the committed tiny bundle with an INT8 file for TensorRT."""
    folder = tmp_path_factory.mktemp("int8") / "bundle"
    shutil.copytree(TINY_BUNDLE, folder)
    whole = (folder / "model.fp32.onnx").read_bytes()
    frames = list(golden_frames(96, 64).values())
    (folder / FILE).write_bytes(quantised(whole, "int8-trt", frames))
    models = json.loads((folder / "manifest.json").read_text())["models"]
    entry = {"file": FILE, "precision": "int8-trt", "width_px": 96, "height_px": 64}
    models.append({**entry, "max_levels": 255, "min_mask_iou": 0.9})
    manifest = Manifest(folder)
    manifest.change(("models",), models)
    manifest.change(("files", FILE), {})
    manifest.seal()
    return folder


@pytest.mark.parametrize("version", VERSIONS)
def test_quantised_layers_come_out_in_int8(version, folder, tmp_path, monkeypatch):
    """All but the head, which is left as it was on purpose; the golden frames agree."""
    bundle = load_bundle(folder)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with doubles(version) as gpu:
        assert Variant("tensorrt", "int8-trt") in variants(bundle)
        assert all(each.backend == "tensorrt" or not each.precision.endswith("-trt")
                   for each in variants(bundle))  # fmt: skip
        result = prove(bundle, bundle.model("int8-trt"), Variant("tensorrt", "int8-trt"))
        assert (result.precision, result.reason) == ("int8", "")
        assert leaf("tensorrt").refusal("int8") is not None
        assert gpu.leaks() == []
