"""The FP16 networks that are shipped: their types, their Casts, their room, and FP32's masks."""

import sys
from collections import Counter
from contextlib import closing

import numpy as np
import onnx
import pytest
from onnx import TensorProto

from edgecrack.bundle import load_bundle
from edgecrack.models import MODELS, model_names
from edgecrack.segmenters import ModelSpec, load_segmenter
from export.halving import LARGEST, LAYERS, check_half, halved
from export.magnitudes import largest_activation, require_room
from export.parity import compare_half, golden_pictures, require_half
from export.quality import validation_pictures
from training.config import parse_config


@pytest.fixture(params=model_names())
def bundle(request):
    """Return each bundle that comes along."""
    return load_bundle(MODELS / request.param)


@pytest.fixture
def show(capsys):
    """Return a function that prints past the capture."""

    def _show(text):
        with capsys.disabled():
            sys.stdout.write(f"\n{text}")

    return _show


def types_of(model):
    """Return tensor -> the name of its type."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    types = {tensor.name: tensor.data_type for tensor in graph.initializer}
    for value in (*graph.input, *graph.output, *graph.value_info):
        types[value.name] = value.type.tensor_type.elem_type
    return {name: TensorProto.DataType.Name(kind) for name, kind in types.items()}


def test_the_graph_is_fp16_between_its_edges(bundle, show):
    """The strict checks agree; all layers are FP16; Casts are at the edges; it is FP32's graph."""
    data, whole = (bundle.read(f"model.{precision}.onnx") for precision in ("fp16", "fp32"))
    assert halved(whole) == data
    model = onnx.load_from_string(data)
    onnx.checker.check_model(model, full_check=True)
    check_half(model)
    types = types_of(model)
    layers = [node for node in model.graph.node if node.op_type in LAYERS]
    around = Counter(types[name] for node in layers for name in (*node.input, *node.output))
    casts = [
        f"{types[node.input[0]]} {node.input[0]} to {types[node.output[0]]}"
        for node in model.graph.node if node.op_type == "Cast"
    ]  # fmt: skip
    assert set(around) == {"FLOAT16"}
    assert "FLOAT" not in types.values()
    assert len(casts) == 1 + len(model.graph.output)
    show(
        f"| {bundle.manifest.name} {bundle.manifest.release} | {len(data):,} bytes, fp32 "
        f"{len(whole):,} | {len(layers)} layers, {around['FLOAT16']} tensors around them FP16 | "
        f"{len(casts)} Casts: {'; '.join(casts)} |"
    )


@pytest.mark.real_data
@pytest.mark.timeout(3600)
def test_its_masks_are_those_of_fp32(bundle, shared_data, show):
    """On validation pictures and golden frames of every size, in ONNX Runtime; and its room."""
    config = parse_config(bundle.manifest.provenance.config, "the bundle")
    sets = [data for data in config.data if data.split]
    size_px = bundle.manifest.sizes_px[0]
    pictures = validation_pictures(sets, shared_data, size_px)
    frames = [*pictures, *golden_pictures(bundle, size_px)]
    magnitude = largest_activation(bundle.read("model.fp32.onnx"), frames)
    require_room(magnitude)
    show(f"| {bundle.manifest.name} | {magnitude.text}: 1/{LARGEST / magnitude.value:.0f} |")
    for parity in compare_half(bundle, pictures):
        require_half(parity)
        show(
            f"| {bundle.manifest.name} | {parity.network.partition(' at ')[2]} | {parity.answer} "
            f"| {parity.pictures} | {parity.worst_levels} | {parity.mask_iou:.5f} |"
        )


def test_one_picture_gives_one_answer(bundle):
    """Each size of the one file answers, with uint8 at its edges."""
    for size_px in bundle.manifest.sizes_px:
        spec = ModelSpec(backend="onnxruntime", precision="fp16", size_px=size_px)
        with closing(load_segmenter(bundle, spec)) as segmenter:
            assert segmenter.precision == "fp16"
            frame = np.zeros((size_px[1], size_px[0], 3), np.uint8)
            for plane in segmenter.answer(frame).planes.values():
                assert plane.dtype == np.uint8
                assert plane.shape == size_px[::-1]
