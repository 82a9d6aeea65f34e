"""Bundles of several networks, and ways to change one of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from edgecrack.bundle import MANIFEST, Bundle, file_entry, load_bundle

if TYPE_CHECKING:
    from collections.abc import Callable

SMALL, LARGE = "model.96x64.fp32.onnx", "model.384x256.fp32.onnx"


@pytest.fixture(scope="session")
def two_sizes_bundle(tiny_net, tiny, tmp_path_factory) -> Path:
    """Return a bundle of the tiny network in two sizes: nobody may write to it."""
    from export.bundle_files import write_files  # noqa: PLC0415  torch
    from export.model_card import ModelCard  # noqa: PLC0415

    manifest = tiny.manifest
    card = ModelCard(
        manifest.name,
        manifest.release,
        manifest.threshold,
        manifest.threshold_origin,
        manifest.metrics,
        manifest.provenance,
    )
    folder = tmp_path_factory.mktemp("two-sizes") / "bundle"
    folder.mkdir()
    write_files(tiny_net, [(96, 64), (384, 256)], card, folder)
    return folder


@pytest.fixture
def two_sizes(two_sizes_bundle, tmp_path) -> Path:
    """Return a copy of that bundle that a test may change."""
    return Path(shutil.copytree(two_sizes_bundle, tmp_path / "two-sizes"))


@pytest.fixture
def put() -> Callable[..., Bundle]:
    """Return a function that puts a network into a bundle, with digest and entry that fit."""

    def _put(folder: Path, name: str, network: bytes, **entry: Any) -> Bundle:
        values = json.loads((folder / MANIFEST).read_text())
        (folder / name).write_bytes(network)
        made = file_entry(network)
        values["files"][name] = {"bytes": made.bytes, "sha256": made.sha256}
        if entry:
            values["models"].append({**values["models"][0], "file": name, **entry})
        (folder / MANIFEST).write_text(json.dumps(values))
        return load_bundle(folder)

    return _put


@pytest.fixture(scope="session")
def foreign_network(tiny_net) -> bytes:
    """Return a network of the larger size with other weights."""
    import torch  # noqa: PLC0415

    from export.to_onnx import to_onnx  # noqa: PLC0415
    from training.unet import UNet  # noqa: PLC0415

    torch.manual_seed(8)
    return to_onnx(UNet(tiny_net.spec).eval(), 384, 256)


@pytest.fixture(scope="session")
def half_network(tiny_bundle) -> bytes:
    """Return the tiny network with FP16 weights, cast to FP32 where they are used."""
    made = onnx.load_from_string((tiny_bundle / SMALL).read_bytes())
    casts = []
    for weight in made.graph.initializer:
        if weight.data_type == TensorProto.FLOAT:
            name = weight.name
            halves = numpy_helper.to_array(weight).astype(np.float16)
            weight.CopyFrom(numpy_helper.from_array(halves, f"{name}.half"))
            casts.append(helper.make_node("Cast", [weight.name], [name], to=TensorProto.FLOAT))
    nodes = [*casts, *made.graph.node]
    del made.graph.node[:]
    made.graph.node.extend(nodes)
    return made.SerializeToString()


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
