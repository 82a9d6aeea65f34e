"""OpenVINO: what it computes in, networks it cannot load, and that it reports to nobody."""

import subprocess
import sys

import numpy as np
import pytest

from edgecrack.bundle import load_bundle
from edgecrack.errors import BundleError
from edgecrack.segmenters import ModelSpec, load_segmenter, ov

NETWORK = "model.fp32.onnx"
UINT8, FLOAT = 2, 1  # ONNX element types
FRAME = ("frame", UINT8, (1, 64, 96, 3))
PROBABILITY = ("probability", UINT8, (1, 64, 96))
FP32 = ModelSpec(backend="openvino", precision="fp32")


@pytest.fixture
def replaced(bundle_copy, manifest):
    """Return a function that puts another network into a bundle, with a digest that fits."""

    def _replaced(data):
        (bundle_copy / NETWORK).write_bytes(data)
        manifest.seal()
        return load_bundle(bundle_copy)

    return _replaced


def test_a_network_of_the_contract_is_run(replaced, red):
    """Names, types and shapes that fit are all that is asked of a network."""
    picture = np.random.default_rng(0).integers(0, 256, (64, 96, 3), np.uint8)
    answer = load_segmenter(replaced(red()), FP32).answer(picture).probability
    assert np.array_equal(answer, picture[..., 0])


@pytest.mark.parametrize(
    ("takes", "gives"),
    [
        (("picture", *FRAME[1:]), PROBABILITY),
        (FRAME, ("mask", *PROBABILITY[1:])),
        (("frame", FLOAT, FRAME[2]), ("probability", FLOAT, (1, 64, 96))),
        (("frame", UINT8, (1, 32, 96, 3)), (*PROBABILITY[:2], (1, 32, 96))),
        (("frame", UINT8, ("n", 64, 96, 3)), (*PROBABILITY[:2], ("n", 64, 96))),
        (("frame", UINT8, (1, 64, 96, 4)), PROBABILITY),
    ],
    ids=["input name", "output name", "float", "another size", "any batch", "four channels"],
)
def test_another_contract_is_refused(replaced, red, takes, gives):
    """Nothing is converted on the way in or out, so what does not fit exactly is refused."""
    bundle = replaced(red(takes, gives))
    with pytest.raises(BundleError, match=NETWORK):
        load_segmenter(bundle, FP32)


def test_what_is_no_network_is_refused(replaced, red, tiny_bundle):
    """Empty, cut, unknown operators and nonsense each end in a BundleError."""
    whole = (tiny_bundle / NETWORK).read_bytes()
    for data in (
        b"",
        b"\x08\x09",
        whole[: whole.rfind(b"probability")],
        red(operator="Divine"),
        red(more=[("more", *FRAME[1:])]),
    ):
        with pytest.raises(BundleError):
            load_segmenter(replaced(data), FP32)


def test_a_loop_is_refused(replaced, endless):
    """It might never end, and nothing could end it."""
    with pytest.raises(BundleError, match="holds a loop"):
        load_segmenter(replaced(endless), FP32)


def test_fp32_is_not_silently_bf16(tiny):
    """The library would compute FP32 files in BF16 where it can: the reference would be lost."""
    picture = np.random.default_rng(3).integers(0, 256, (64, 96, 3), np.uint8)
    own, reference = (load_segmenter(tiny, spec) for spec in (FP32, ModelSpec()))
    answers = [each.answer(picture).probability.astype(int) for each in (own, reference)]
    assert (own.precision, reference.precision) == ("fp32", "fp32")
    assert np.abs(answers[0] - answers[1]).max() <= 1


def test_bf16_says_what_it_is(tiny):
    """Where the processor has it, it is BF16 as inspected; where not, it is refused with a way."""
    spec = ModelSpec(backend="openvino", precision="bf16")
    if ov.refusal("bf16") is None:
        assert load_segmenter(tiny, spec).precision == "bf16"
    else:
        with pytest.raises(BundleError, match="use fp32"):
            load_segmenter(tiny, spec)


def test_a_processor_without_bf16_refuses_it(tiny, monkeypatch):
    """Emulated it is slower than FP32: one sentence, with what there is instead."""
    monkeypatch.setattr(ov, "_capabilities", lambda: ["FP32", "INT8"])
    assert ov.refusal("fp32") is None
    assert ov.refusal("int8") is None
    with pytest.raises(BundleError, match=r"no BF16.*use fp32"):
        load_segmenter(tiny, ModelSpec(backend="openvino", precision="bf16"))


def test_a_network_for_tensorrt_is_refused():
    """It is no file for a processor."""
    assert "TensorRT" in ov.refusal("int8-trt")


def test_its_reporter_is_never_imported():
    """The library's own import would report to its maker and write to the home folder."""
    program = (
        "import sys, edgecrack.segmenters.ov\n"
        "found = [name for name, module in sys.modules.items()\n"
        "         if name.startswith('openvino_telemetry') and module is not None]\n"
        "assert not found, found\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_first_pictures_at_the_same_time_are_answered(tiny_bundle):
    """A fresh process whose threads all bring their first picture at once does not stand still."""
    program = (
        "import sys, threading\n"
        "from pathlib import Path\n"
        "import numpy as np\n"
        "from edgecrack.bundle import load_bundle\n"
        "from edgecrack.segmenters import ModelSpec, load_segmenter\n"
        "spec = ModelSpec(backend='openvino', precision='fp32')\n"
        "segmenter = load_segmenter(load_bundle(Path(sys.argv[1])), spec)\n"
        "picture, start = np.zeros((64, 96, 3), np.uint8), False\n"
        "def bring():\n"
        "    while not start:\n"
        "        pass\n"
        "    segmenter.answer(picture)\n"
        "sys.setswitchinterval(1e-5)\n"
        "threads = [threading.Thread(target=bring, daemon=True) for _ in range(8)]\n"
        "for thread in threads:\n"
        "    thread.start()\n"
        "start = True\n"
        "for thread in threads:\n"
        "    thread.join()\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tiny_bundle)], check=True, timeout=60)
