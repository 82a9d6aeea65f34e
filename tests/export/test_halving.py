"""The FP16 file: half precision from the first Cast to the last, and the answers of FP32."""

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper

from edgecrack.errors import EdgecrackError
from edgecrack.onnxfile import weight_precision
from edgecrack.synthetic.golden import golden_frames
from export.halving import LARGEST, check_half, halved
from export.to_onnx import to_onnx
from training.unet import UNet, UNetSpec

HALF, FULL, UINT8 = TensorProto.FLOAT16, TensorProto.FLOAT, TensorProto.UINT8
LAYERS = ("Conv", "ConvTranspose")


def trained(spec):
    """Return a network whose batch normalisation, if any, has seen something."""
    torch.manual_seed(3)
    net = UNet(spec)
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(2, 3, 32, 32))
    return net.eval()


@pytest.fixture(
    scope="module",
    params=[
        None,
        UNetSpec(widths=(2, 4, 6), batch_norm=True),
        UNetSpec(widths=(4, 8), stem=2, road=True, batch_norm=True),
    ],
    ids=["tiny", "no stem", "road"],
)
def both(request, whole):
    """Return the FP32 file and the FP16 file of a network; None is the tiny one."""
    full = to_onnx(trained(request.param)) if request.param else whole
    return full, halved(full)


@pytest.fixture(scope="module")
def whole(tiny):
    """Return the tiny network's FP32 file."""
    return tiny.read("model.fp32.onnx")


@pytest.fixture(scope="module")
def half(tiny):
    """Return the tiny network's FP16 file, as it is in its bundle."""
    return tiny.read("model.fp16.onnx")


def kinds(model):
    """Return tensor -> type, as the strict inference of shapes finds it."""
    graph = onnx.shape_inference.infer_shapes(model, strict_mode=True, data_prop=True).graph
    values = (*graph.input, *graph.output, *graph.value_info)
    found = {value.name: value.type.tensor_type.elem_type for value in values}
    return found | {tensor.name: tensor.data_type for tensor in graph.initializer}


def test_every_layer_computes_in_fp16(both):
    """Weights, inputs and outputs of all convolutions; nothing in between is FP32."""
    model = onnx.load_from_string(both[1])
    onnx.checker.check_model(model, full_check=True)
    types = kinds(model)
    layers = [node for node in model.graph.node if node.op_type in LAYERS]
    assert len(layers) >= 7
    assert {types[name] for node in layers for name in (*node.input, *node.output)} == {HALF}
    assert FULL not in types.values()
    assert weight_precision(both[1]) == "fp16"


def test_it_casts_at_its_edges_only(both):
    """The picture to FP16 first, each answer to uint8 last, after Round and Clip."""
    graph = onnx.load_from_string(both[1]).graph
    casts = [(node.input[0], node.attribute[0].i) for node in graph.node if node.op_type == "Cast"]
    assert casts[0] == ("frame", HALF)
    assert graph.node[0].op_type == "Cast"
    assert [to for _, to in casts[1:]] == [UINT8] * len(graph.output)
    makers = {name: node for node in graph.node for name in node.output}
    for output in graph.output:
        cast = makers[output.name]
        clip = makers[cast.input[0]]
        assert [cast.op_type, clip.op_type, makers[clip.input[0]].op_type] == [
            "Cast", "Clip", "Round"
        ]  # fmt: skip


def test_its_edges_and_its_graph_are_those_of_fp32(both):
    """Same names, same symbolic height and width, same nodes; half the weights' bytes."""
    whole, half = (onnx.load_from_string(data) for data in both)
    for edges in ("input", "output"):
        assert list(getattr(whole.graph, edges)) == list(getattr(half.graph, edges))
    sides = half.graph.input[0].type.tensor_type.shape.dim
    assert [dim.dim_param or dim.dim_value for dim in sides] == [1, "height", "width", 3]
    assert [node.op_type for node in whole.graph.node] == [node.op_type for node in half.graph.node]
    weights = [
        sum(len(tensor.raw_data) for tensor in model.graph.initializer
            if tensor.data_type in {FULL, HALF})
        for model in (whole, half)
    ]  # fmt: skip
    assert weights[0] == 2 * weights[1]


def test_it_answers_as_fp32_does_at_any_size(both):
    """On roads and noise no level differs by more than 2 of 255, and nearly all are the same."""
    options = {"providers": ["CPUExecutionProvider"]}
    sessions = [onnxruntime.InferenceSession(data, **options) for data in both]
    for width_px, height_px in ((96, 64), (132, 40)):
        noise = np.random.default_rng(1).integers(0, 256, (height_px, width_px, 3), np.uint8)
        for frame in (noise, golden_frames(width_px, height_px)["crack"]):
            full, short = (np.stack(each.run(None, {"frame": frame[None]})) for each in sessions)
            levels = np.abs(full.astype(int) - short)
            assert levels.max() <= 2
            assert (levels > 0).mean() < 0.1
            assert full.std() > 0.5


def test_every_level_of_a_pixel_is_exact(both):
    """Pixels are divided by 256, which loses nothing, and the first weights make up for it."""
    whole, half = (onnx.load_from_string(data).graph for data in both)
    values = [{t.name: numpy_helper.to_array(t) for t in graph.initializer}
              for graph in (whole, half)]  # fmt: skip
    (scale,) = (node.input[1] for node in half.node if node.op_type == "Mul"
                and node.input[0] == half.node[0].output[0])  # fmt: skip
    assert values[1][scale] == np.float16(1 / 256)
    levels = np.arange(256).astype(np.float16)
    assert np.array_equal((levels * values[1][scale]).astype(np.float64) * 256, np.arange(256))
    first = next(node.input[1] for node in half.node if node.op_type == "Conv")
    raised = (values[0][first] * np.float32(256 / 255)).astype(np.float16)
    assert np.allclose(values[1][first], raised, rtol=1e-3, atol=1e-7)
    assert not np.array_equal(values[1][first], values[0][first].astype(np.float16))


def test_the_same_network_gives_the_same_bytes(whole, half):
    """A digest identifies it, and nothing of its author is in it."""
    assert halved(whole) == half
    for trace in (b".py", b"site-packages", b"stack_trace"):
        assert trace not in half


def replaced(half, kind, before, after):
    """Return the FP16 graph with Casts around the first node of a kind."""
    model = onnx.load_from_string(half)
    place, node = next(pair for pair in enumerate(model.graph.node) if pair[1].op_type == kind)
    taken, given = node.input[0], node.output[0]
    node.input[0], node.output[0] = "taken", "given"
    model.graph.node.insert(place, helper.make_node("Cast", [taken], ["taken"], to=before))
    model.graph.node.insert(place + 2, helper.make_node("Cast", ["given"], [given], to=after))
    return model


def with_fp32_layer(half):
    """Return the FP16 graph with its last convolution in FP32."""
    model = replaced(half, "DepthToSpace", HALF, HALF)
    conv = next(node for node in model.graph.node if node.input[1:2] == ["heads.0.weight"])
    tensor = next(t for t in model.graph.initializer if t.name == "heads.0.weight")
    full = numpy_helper.to_array(tensor).astype(np.float32)
    tensor.CopyFrom(numpy_helper.from_array(full, tensor.name))
    place = list(model.graph.node).index(conv)
    model.graph.node.insert(place, helper.make_node("Cast", [conv.input[0]], ["in"], to=FULL))
    conv.input[0] = "in"
    return model


def test_an_island_of_fp32_is_refused(half):
    """One operator in FP32, with a Cast on either side, is named."""
    check_half(onnx.load_from_string(half))
    with pytest.raises(EdgecrackError, match=r"nothing but FP16.*given \(FLOAT\)"):
        check_half(replaced(half, "Sigmoid", FULL, HALF))


def test_a_cast_in_between_is_refused(half):
    """Also one that changes nothing: TensorRT would copy there."""
    with pytest.raises(EdgecrackError, match="cast at its edges only"):
        check_half(replaced(half, "Sigmoid", HALF, HALF))


def test_a_layer_in_fp32_is_refused(whole, half):
    """The FP32 file itself is no FP16 file, nor is one with a single FP32 layer."""
    for model in (onnx.load_from_string(whole), with_fp32_layer(half)):
        with pytest.raises(EdgecrackError, match="compute its layers in FP16, but has FLOAT"):
            check_half(model)


def with_weight(whole, value):
    """Return the FP32 file with one weight of the last layer changed."""
    model = onnx.load_from_string(whole)
    tensor = next(t for t in model.graph.initializer if t.name == "heads.0.weight")
    weights = numpy_helper.to_array(tensor).copy()
    weights.flat[0] = value
    tensor.CopyFrom(numpy_helper.from_array(weights, tensor.name))
    return model.SerializeToString()


@pytest.mark.parametrize("value", [LARGEST + 32, -1e9, np.inf, np.nan])
def test_a_weight_beyond_fp16_is_refused(whole, value):
    """It would become infinite; the largest number of FP16 itself passes."""
    halved(with_weight(whole, LARGEST))
    with pytest.raises(EdgecrackError, match=r"at most 65504, but heads\.0\.weight"):
        halved(with_weight(whole, value))


@pytest.mark.parametrize(("kind", "words"), [("Relu", "straight"), ("Mul", "scale")])
def test_another_way_to_the_first_layer_is_refused(whole, kind, words):
    """What pixels are multiplied by must be known for sure."""
    model = onnx.load_from_string(whole)
    place, conv = next(p for p in enumerate(model.graph.node) if p[1].op_type == "Conv")
    scale = next(node.input[1] for node in model.graph.node if node.op_type == "Mul")
    inputs = [conv.input[0], *([scale] if kind == "Mul" else [])]
    conv.input[0] = "between"
    model.graph.node.insert(place, helper.make_node(kind, inputs, ["between"]))
    with pytest.raises(EdgecrackError, match=words):
        halved(model.SerializeToString())
