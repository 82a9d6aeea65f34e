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
from export.to_onnx import OPSET, Uint8Model, check_graph, macs, to_onnx
from training.unet import UNet, UNetSpec

ODD = (100, 60)  # no multiple of the stride of four


@pytest.fixture(scope="module")
def exported(tiny_net):
    """Return the tiny network's ONNX file for a size that its stride does not divide."""
    return to_onnx(tiny_net, *ODD)


def test_the_contract_is_in_the_graph(exported):
    """Frame in and probability out are uint8 of one size; Cast first; Round, Clip, Cast last."""
    model = onnx.load_from_string(exported)
    assert {each.version for each in model.opset_import if each.domain == ""} == {OPSET}
    edges = [
        (v.name, v.type.tensor_type.elem_type, [d.dim_value for d in v.type.tensor_type.shape.dim])
        for v in (*model.graph.input, *model.graph.output)
    ]
    uint8 = TensorProto.UINT8
    assert edges == [("frame", uint8, [1, 60, 100, 3]), ("probability", uint8, [1, 60, 100])]
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
    assert to_onnx(tiny_net, *ODD) == exported


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
    noise = np.random.default_rng(1).integers(0, 256, (3, ODD[1], ODD[0], 3), np.uint8)
    frames = [*noise, np.zeros_like(road), np.full_like(road, 255), road]
    session = onnxruntime.InferenceSession(to_onnx(net, *ODD), providers=["CPUExecutionProvider"])
    answers = [session.run(None, {"frame": frame[np.newaxis]})[0] for frame in frames]
    with torch.inference_mode():
        expected = [Uint8Model(net).eval()(torch.from_numpy(f)[None]).numpy() for f in frames]
    for answer, wanted in zip(answers, expected, strict=True):
        assert np.abs(answer.astype(int) - wanted.astype(int)).max() <= 1
    assert len({answer.tobytes() for answer in answers}) > 2


@pytest.mark.parametrize("name", ["tiny_net", "normed"])
def test_onnx_runtime_answers_as_torch_does(request, name):
    """On noise, extremes and the synthetic road no probability differs by more than 1 of 255."""
    assert_answers_as_torch_does(request.getfixturevalue(name), golden_frames(*ODD)["crack"])


@pytest.mark.real_data
def test_onnx_runtime_answers_as_torch_does_on_a_real_road(normed, shared_data):
    """Nor does it on a photograph."""
    path = shared_data / "nha12d" / "Asphalt_pavement_FD" / "Raw_images" / "APFD_01.jpg"
    road = cv2.resize(cv2.imread(str(path)), ODD, interpolation=cv2.INTER_AREA)
    assert_answers_as_torch_does(normed, road)


def test_multiplications_are_those_counted_by_hand(tiny_net):
    """At 96x64 each layer's kernel, channels and places give 1,953,792."""
    fine, coarse = 48 * 32, 24 * 16
    by_hand = fine * 9 * (12 * 4 + 4 * 4)  # first level, behind a stem of two
    by_hand += coarse * 9 * (4 * 8 + 8 * 8)  # second level
    by_hand += coarse * 4 * (8 * 4)  # deconvolution: each coarse place makes four fine ones
    by_hand += fine * 9 * (8 * 4 + 4 * 4)  # merge
    by_hand += fine * (4 * 4)  # head
    assert by_hand == 1_953_792
    assert macs(onnx.load_from_string(to_onnx(tiny_net, 96, 64))) == by_hand


def chain(*kinds, inside=TensorProto.FLOAT):
    """Return a graph of these operators from frame to probability, through tensors of a type."""
    names = ["frame", *(f"t{index}" for index in range(1, len(kinds))), "probability"]
    nodes = [
        helper.make_node(k, [i], [o]) for k, i, o in zip(kinds, names, names[1:], strict=False)
    ]
    between = [helper.make_tensor_value_info(name, inside, [1]) for name in names[1:-1]]
    graph = helper.make_graph(nodes, "g", [], [], value_info=between)
    return helper.make_model(graph)


def test_a_graph_of_another_shape_is_not_exported():
    """What TensorRT would refuse or misread is refused here, where torch made it."""
    check_graph(chain("Cast", "Round", "Clip", "Cast"))
    for kinds in (
        ("Transpose", "Cast", "Round", "Clip", "Cast"),
        ("Cast", "Clip", "Round", "Cast"),
        ("Cast", "Round", "Cast"),
        ("Cast", "Round", "Clip", "Cast", "Identity"),
    ):
        with pytest.raises(EdgecrackError, match="Cast"):
            check_graph(chain(*kinds))
    with pytest.raises(EdgecrackError, match="at its edges only"):
        check_graph(chain("Cast", "Round", "Clip", "Cast", inside=TensorProto.UINT8))
