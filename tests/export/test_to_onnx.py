"""The graph that leaves: its edges, its bytes, its cost, and its answers."""

import cv2
import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper

from edgecrack.errors import EdgecrackError
from edgecrack.synthetic.golden import golden_frames
from export.to_onnx import OPSET, check_graph, to_onnx
from export.torch_segmenter import TorchSegmenter
from export.uint8_model import Uint8Model
from training.unet import UNet, UNetSpec

SIZE_PX = (100, 60)


@pytest.fixture(scope="module")
def exported(tiny_net):
    """Return the tiny network's ONNX file."""
    return to_onnx(tiny_net)


def sides(value):
    """Return the numbers and names of a tensor's dimensions."""
    return [dim.dim_param or dim.dim_value for dim in value.type.tensor_type.shape.dim]


def test_the_contract_is_in_the_graph(exported):
    """Frame in and probability out are uint8 of any size; Cast first; Round, Clip, Cast last."""
    model = onnx.load_from_string(exported)
    assert {opset.version for opset in model.opset_import if opset.domain == ""} == {OPSET}
    edges = [
        (v.name, v.type.tensor_type.elem_type, sides(v))
        for v in (*model.graph.input, *model.graph.output)
    ]
    uint8 = TensorProto.UINT8
    free = ["height", "width"]
    assert edges == [("frame", uint8, [1, *free, 3]), ("probability", uint8, [1, *free])]
    kinds = [node.op_type for node in model.graph.node]
    assert kinds[0] == "Cast"
    assert kinds[-3:] == ["Round", "Clip", "Cast"]
    assert "frame" in model.graph.node[0].input
    assert "BatchNormalization" not in kinds


def test_nothing_of_the_author_is_in_the_file(exported):
    """No source path, no stack trace, no remark: the exporter writes hundreds."""
    for trace in (b".py", b"site-packages", b'File "', b"torch.nn", b"stack_trace"):
        assert trace not in exported
    assert not any(node.doc_string for node in onnx.load_from_string(exported).graph.node)


def test_the_same_network_gives_the_same_bytes(exported, tiny_net):
    """A digest identifies a network: exporting again changes nothing."""
    assert to_onnx(tiny_net) == exported


@pytest.fixture(scope="module")
def normed():
    """Return a network with batch norm that has seen something, and no stem."""
    torch.manual_seed(3)
    net = UNet(UNetSpec(widths=(2, 4, 6), batch_norm=True))
    with torch.no_grad():
        for _ in range(3):
            net(torch.rand(2, 3, 32, 32))
    return net.eval()


def assert_answers_as_torch_does(net, road):
    """Assert that on noise, extremes and a road no probability differs by more than 1 of 255."""
    noise = np.random.default_rng(1).integers(0, 256, (3, SIZE_PX[1], SIZE_PX[0], 3), np.uint8)
    frames = [*noise, np.zeros_like(road), np.full_like(road, 255), road]
    session = onnxruntime.InferenceSession(to_onnx(net), providers=["CPUExecutionProvider"])
    answers = [np.stack(session.run(None, {"frame": frame[np.newaxis]})) for frame in frames]
    trained = TorchSegmenter(net, *SIZE_PX, 128)
    for frame, answer in zip(frames, answers, strict=True):
        wanted = np.stack([*trained.answer(frame).planes.values()])[:, np.newaxis]
        assert np.abs(answer.astype(int) - wanted.astype(int)).max() <= 1
    assert len({answer.tobytes() for answer in answers}) > 2


@pytest.fixture(scope="module")
def road_net():
    """Return an untrained network that answers road, too."""
    torch.manual_seed(5)
    return UNet(UNetSpec(widths=(4, 8), stem=2, road=True)).eval()


def test_a_network_with_road_has_two_outputs(road_net):
    """Both are uint8 of one size, and each ends with Round, Clip, Cast."""
    graph = onnx.load_from_string(to_onnx(road_net)).graph
    makers = {name: node for node in graph.node for name in node.output}
    for output in graph.output:
        assert output.type.tensor_type.elem_type == TensorProto.UINT8
        assert sides(output) == [1, "height", "width"]
        cast = makers[output.name]
        clip = makers[cast.input[0]]
        kinds = [makers[clip.input[0]].op_type, clip.op_type, cast.op_type]
        assert kinds == ["Round", "Clip", "Cast"]
    assert [output.name for output in graph.output] == ["probability", "road"]


def test_a_second_output_that_tensorrt_would_misread_is_refused(road_net):
    """The rule of the last operators holds for the road, too."""
    model = onnx.load_from_string(to_onnx(road_net))
    check_graph(model)
    (cast,) = (node for node in model.graph.node if "road" in node.output)
    (clip,) = (node for node in model.graph.node if cast.input[0] in node.output)
    cast.input[0] = clip.input[0]
    with pytest.raises(EdgecrackError, match="Clip"):
        check_graph(model)


@pytest.mark.parametrize("name", ["tiny_net", "normed", "road_net"])
def test_onnx_runtime_answers_as_torch_does(request, name):
    """On noise, extremes and the synthetic road no probability differs by more than 1 of 255."""
    assert_answers_as_torch_does(request.getfixturevalue(name), golden_frames(*SIZE_PX)["crack"])


@pytest.mark.real_data
def test_onnx_runtime_answers_as_torch_does_on_a_real_road(normed, shared_data):
    """Nor does it on a photograph."""
    path = shared_data / "nha12d" / "Asphalt_pavement_FD" / "Raw_images" / "APFD_01.jpg"
    road = cv2.resize(cv2.imread(str(path)), SIZE_PX, interpolation=cv2.INTER_AREA)
    assert_answers_as_torch_does(normed, road)


def chain(*kinds, inside=TensorProto.FLOAT):
    """Return a graph of these operators from frame to probability, casting to a type at first."""
    names = ["frame", *(f"t{index}" for index in range(1, len(kinds))), "probability"]
    nodes = [
        helper.make_node(kind, [taken], [given])
        for kind, taken, given in zip(kinds, names, names[1:], strict=False)
    ]
    casts = [node for node in nodes if node.op_type == "Cast"]
    for cast in casts:
        to = TensorProto.UINT8 if cast is casts[-1] else inside
        cast.attribute.append(helper.make_attribute("to", to))
    uint8 = (TensorProto.UINT8, [1])
    graph = helper.make_graph(
        nodes,
        "chain",
        [helper.make_tensor_value_info("frame", *uint8)],
        [helper.make_tensor_value_info("probability", *uint8)],
        value_info=[helper.make_tensor_value_info(names[1], inside, [1])],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=9)


def test_a_graph_that_tensorrt_would_misread_is_refused():
    """Cast comes first, Round, Clip and Cast last, and nothing in between is uint8."""
    check_graph(chain("Cast", "Round", "Clip", "Cast"))
    for kinds in (
        ("Cast", "Clip", "Round", "Cast"),
        ("Cast", "Round", "Cast"),
        ("Cast", "Round", "Clip", "Cast", "Identity"),
    ):
        with pytest.raises(EdgecrackError, match=kinds[-2]):
            check_graph(chain(*kinds))
    late = chain("Identity", "Cast", "Round", "Clip", "Cast")
    del late.graph.value_info[:]
    with pytest.raises(EdgecrackError, match="Identity"):
        check_graph(late)


def test_uint8_between_the_edges_is_refused():
    """A tensor in between that is uint8 is named, whatever becomes of it."""
    made = chain("Cast", "Round", "Clip", "Cast")
    to_uint8 = helper.make_node("Cast", ["t1"], ["inside"], to=TensorProto.UINT8)
    made.graph.node.insert(1, to_uint8)
    made.graph.value_info.append(helper.make_tensor_value_info("inside", TensorProto.UINT8, [1]))
    with pytest.raises(EdgecrackError, match="inside"):
        check_graph(made)


def test_a_graph_that_is_no_valid_onnx_is_refused():
    """An unknown operator, and a type that no inference agrees with, end in our own error."""
    unknown = chain("Cast", "Round", "Clip", "Cast")
    unknown.graph.node[1].op_type = "Unknown"
    wrong_type = chain("Cast", "Round", "Clip", "Cast")
    wrong_type.graph.value_info[0].type.tensor_type.elem_type = TensorProto.INT64
    for made in (unknown, wrong_type):
        with pytest.raises(EdgecrackError):
            check_graph(made)


class ThroughUint8(Uint8Model):
    """A network whose answer has been uint8 on its way."""

    def _answer(self, logits):
        return super()._answer(logits.to(torch.uint8).to(torch.float32))


def test_what_torch_exports_is_checked(monkeypatch, tiny_net):
    """A network that breaks the contract is not returned as a file."""
    monkeypatch.setattr("export.to_onnx.Uint8Model", ThroughUint8)
    with pytest.raises(EdgecrackError, match="uint8 at its edges"):
        to_onnx(tiny_net)


def test_one_file_answers_at_every_size(exported, tiny_net):
    """Height and width are free; what is no multiple of the stride is not answered wrongly."""
    session = onnxruntime.InferenceSession(exported, providers=["CPUExecutionProvider"])
    for size_px in ((96, 64), (64, 96), (132, 40)):
        frame = np.random.default_rng(2).integers(0, 256, (size_px[1], size_px[0], 3), np.uint8)
        (answer,) = session.run(None, {"frame": frame[np.newaxis]})
        wanted = TorchSegmenter(tiny_net, *size_px, 128).answer(frame).probability
        assert np.abs(answer[0].astype(int) - wanted.astype(int)).max() <= 1


def test_a_network_stays_as_it_is(tiny_net, normed):
    """Folding, reordering and equalising are done on a copy."""
    for net in (tiny_net, normed):
        before = {name: values.clone() for name, values in net.state_dict().items()}
        to_onnx(net, [torch.rand(1, 3, 32, 32)])
        after = net.state_dict()
        assert all(torch.equal(values, after[name]) for name, values in before.items())
