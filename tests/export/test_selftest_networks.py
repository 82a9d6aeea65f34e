"""A bundle of several networks proves each, or says which one fails and why."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper

from edgecrack.bundle import MANIFEST, Bundle, file_entry, load_bundle
from edgecrack.manifest import WIDEST
from edgecrack.models.golden_files import decode_plane
from edgecrack.models.selftest import selftest
from edgecrack.segmenters import ModelSpec
from export.bundle_files import write_files
from export.model_card import ModelCard
from export.to_onnx import to_onnx
from training.unet import UNet

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, LARGE, HALF = "model.fp32.onnx", "model.384x256.onnx", "model.fp16.onnx"
REFERENCE = ModelSpec(backend="onnxruntime", precision="fp32")


@pytest.fixture(scope="session")
def two_sizes_bundle(tiny_net, tiny, tmp_path_factory) -> Path:
    """Return a bundle of the tiny network in two sizes, a file each: nobody may write to it."""
    manifest = tiny.manifest
    card = ModelCard(
        manifest.name,
        manifest.release,
        manifest.threshold,
        manifest.threshold_origin,
        manifest.provenance,
    )
    folder = tmp_path_factory.mktemp("two-sizes") / "bundle"
    folder.mkdir()
    write_files(tiny_net, [(96, 64), (384, 256)], card, folder)
    values = json.loads((folder / MANIFEST).read_text())
    shutil.copy(folder / SMALL, folder / LARGE)
    values["files"][LARGE] = values["files"][SMALL]
    values["models"] = [model for model in values["models"] if model["precision"] == "fp32"]
    values["models"][1]["file"] = LARGE
    (folder / MANIFEST).write_text(json.dumps(values))
    return folder


@pytest.fixture
def two_sizes(two_sizes_bundle, tmp_path) -> Path:
    """Return a copy of that bundle that a test may change."""
    return Path(shutil.copytree(two_sizes_bundle, tmp_path / "two-sizes"))


@pytest.fixture
def put() -> Callable[..., Bundle]:
    """Return a function that puts a network into a bundle, with the digest that fits."""

    def _put(folder: Path, name: str, network: bytes) -> Bundle:
        values = json.loads((folder / MANIFEST).read_text())
        (folder / name).write_bytes(network)
        made = file_entry(network)
        values["files"][name] = {"bytes": made.bytes, "sha256": made.sha256}
        (folder / MANIFEST).write_text(json.dumps(values))
        return load_bundle(folder)

    return _put


@pytest.fixture(scope="session")
def foreign_network(tiny_net) -> bytes:
    """Return a network of the larger size with other weights."""
    torch.manual_seed(8)
    return to_onnx(UNet(tiny_net.spec).eval())


@pytest.fixture
def zeros() -> Callable[[str], bytes]:
    """Return a function that makes a network of a precision that answers 0 everywhere."""

    def _zeros(precision: str) -> bytes:
        data_type = {"fp32": TensorProto.FLOAT, "int8": TensorProto.INT8}[precision]
        uint8 = TensorProto.UINT8
        graph = helper.make_graph(
            [
                helper.make_node("Gather", ["frame", "channel"], ["red"], axis=3),
                helper.make_node("Sub", ["red", "red"], ["probability"]),
            ],
            "zeros",
            [helper.make_tensor_value_info("frame", uint8, [1, 64, 96, 3])],
            [helper.make_tensor_value_info("probability", uint8, [1, 64, 96])],
            [
                helper.make_tensor("channel", TensorProto.INT64, [], [0]),
                helper.make_tensor("unused", data_type, [4], [0, 0, 0, 0]),
            ],
        )
        opset = [helper.make_opsetid("", 18)]
        made = helper.make_model(graph, opset_imports=opset, ir_version=9)
        onnx.checker.check_model(made, full_check=True)
        return made.SerializeToString()

    return _zeros


def png(plane):
    """Return a picture as PNG."""
    return cv2.imencode(".png", plane)[1].tobytes()


def reasons(result):
    """Return why each network failed, those that passed left out."""
    return {network.file: network.reason for network in result.networks if not network.passed}


@pytest.mark.parametrize(
    ("precision", "highest", "refuses"),
    [
        ("fp32", 8, False),
        ("fp32", 9, True),
        ("int8", 144, False),
        ("int8", 145, True),  # the threshold: there is a mask
    ],
)
def test_a_network_that_answers_zero_never_passes(
    manifest, bundle_copy, zeros, precision, highest, refuses
):
    """With the widest tolerances it fails on a golden frame, or they are no proof at all."""
    for kind in ("crack", "clean", "dark"):
        path = bundle_copy / "golden" / f"{kind}.96x64.probability.png"
        plane = decode_plane(path.read_bytes(), path.name)
        path.write_bytes(png(np.minimum(plane, highest)))
    (bundle_copy / SMALL).write_bytes(zeros(precision))
    manifest.seal()
    manifest.change(("models", 2), ...)  # FP16
    manifest.change(("models", 1), ...)  # BF16
    values = (precision, *WIDEST[precision])
    for key, value in zip(("precision", "max_levels", "min_mask_iou"), values, strict=True):
        manifest.change(("models", 0, key), value)
    (network,) = selftest(
        load_bundle(bundle_copy), ModelSpec(backend="onnxruntime", precision=precision)
    ).networks
    assert network.precision == precision
    assert not network.passed
    assert any(golden.refuses_zeros for golden in network.golden) == refuses


def test_a_bundle_of_two_sizes_passes(two_sizes_bundle):
    """Each network is run on the golden frames of its own size."""
    result = selftest(load_bundle(two_sizes_bundle), REFERENCE)
    assert reasons(result) == {}
    assert [(network.file, len(network.golden)) for network in result.networks] == [
        (SMALL, 3),
        (LARGE, 2),
    ]


def test_a_second_network_without_golden_frames_fails(two_sizes):
    """The golden frames of another size do not prove it."""
    values = json.loads((two_sizes / MANIFEST).read_text())
    values["golden"] = [golden for golden in values["golden"] if golden["width_px"] == 96]
    (two_sizes / MANIFEST).write_text(json.dumps(values))
    assert list(reasons(selftest(load_bundle(two_sizes)))) == [LARGE]


def test_foreign_weights_in_the_second_network_are_named(command, two_sizes, foreign_network, put):
    """The command ends with 3, names the one network, and its JSON and table say why."""
    put(two_sizes, LARGE, foreign_network)
    ended = command("selftest", two_sizes, "--json")
    assert ended.code == 3
    assert LARGE in ended.stderr
    assert SMALL not in ended.stderr
    assert len(ended.stderr.splitlines()) == 1
    assert ended.json["passed"] is False
    failed = {network["file"]: network["reason"] for network in ended.json["networks"]}
    assert failed[SMALL] == ""
    assert "crack" in failed[LARGE]
    table = command("selftest", two_sizes).stdout
    assert any(LARGE in line and "FAILED" in line for line in table.splitlines())
    assert not any(SMALL in line and "FAILED" in line for line in table.splitlines())


def test_an_fp16_entry_that_holds_fp32_is_named(command, bundle_copy, tiny_bundle, put):
    """Its answers are right and its precision is not: exit 3, with the file and both words."""
    put(bundle_copy, HALF, (tiny_bundle / SMALL).read_bytes())
    ended = command("selftest", bundle_copy, "--json")
    assert ended.code == 3
    assert HALF in ended.stderr
    assert SMALL not in ended.stderr
    found = [net["reason"] for net in ended.json["networks"] if net["file"] == HALF]
    assert found
    assert all("fp32" in reason and "fp16" in reason for reason in found)


def test_an_fp16_network_is_proved_by_the_golden_frames_of_its_size(tiny):
    """They hold the answers of FP32, and prove every network as large."""
    result = selftest(tiny, ModelSpec(backend="onnxruntime"))
    assert reasons(result) == {}
    assert [(network.precision, len(network.golden)) for network in result.networks] == [
        ("fp32", 3),
        ("fp16", 3),
    ]


def test_latency_is_that_of_each_network(two_sizes_bundle):
    """Sixteen times the pixels take longer."""
    small, large = selftest(load_bundle(two_sizes_bundle), REFERENCE).networks
    assert large.latency_ms > 2 * small.latency_ms


def test_a_run_is_proved_at_the_size_that_was_asked_for(two_sizes_bundle):
    """The others are left out."""
    spec = ModelSpec(backend="onnxruntime", precision="fp32", size_px=(384, 256))
    (large,) = selftest(load_bundle(two_sizes_bundle), spec).networks
    assert large.file == LARGE
