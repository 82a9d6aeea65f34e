"""The contract of every segmenter: each backend and the fake, for live and for file sources."""

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import numpy as np
import pytest

from edgecrack.errors import BundleError
from edgecrack.segmenters import BACKENDS, DarkSegmenter, ModelSpec, load_segmenter
from edgecrack.segmenters.backends import prepare

CORES = len(os.sched_getaffinity(0))


@pytest.fixture(params=[False, True], ids=["file", "live"])
def live(request):
    """Return whether the source is live."""
    return request.param


@pytest.fixture(params=["fake", *BACKENDS])
def segmenter(request, tiny, live):
    """Return each kind of segmenter for 96x64; TensorRT stands on a GPU that is not there."""
    if request.param == "fake":
        yield DarkSegmenter(96, 64, live=live)
        return
    if request.param == "tensorrt":
        request.getfixturevalue("gpu")
        prepare("tensorrt", tiny, tiny.model())
    with closing(load_segmenter(tiny, ModelSpec(backend=request.param), live=live)) as segmenter:
        yield segmenter


def pictures(count):
    """Return pictures of 96x64, always the same."""
    return list(np.random.default_rng(5).integers(0, 256, (count, 64, 96, 3), np.uint8))


class _SignalStack(ctypes.Structure):
    """``stack_t`` of sigaltstack(2)."""

    _fields_ = (("base", ctypes.c_void_p), ("flags", ctypes.c_int), ("bytes", ctypes.c_size_t))


def _signal_stack():
    stack = _SignalStack()
    assert ctypes.CDLL(None).sigaltstack(None, ctypes.byref(stack)) == 0
    return stack.base


@pytest.fixture
def signal_stack():
    """Return where this thread's stack for signals is, before any network is loaded."""
    return _signal_stack()


def test_the_stack_for_signals_stays_as_it_was(signal_stack, segmenter):
    """What a library puts there goes with the network, and the next signal ends the process."""
    assert _signal_stack() == signal_stack
    segmenter.close()
    assert _signal_stack() == signal_stack


def test_what_it_is_is_known_before_the_first_picture(segmenter):
    """Size, threshold, backend, precision and the bundle's digest are attributes."""
    assert (segmenter.width_px, segmenter.height_px) == (96, 64)
    assert 1 <= segmenter.threshold <= 255
    assert segmenter.backend
    assert segmenter.precision
    assert len(bytes.fromhex(segmenter.model_sha256)) == 32


def test_live_is_one_frame_at_a_time_and_files_are_several(segmenter, live):
    """A live source wants its newest frame soon, a file wants all cores busy."""
    if live:
        assert segmenter.at_once == 1
    else:
        assert segmenter.at_once >= 2


def test_a_probability_lies_on_its_picture(segmenter):
    """The answer is uint8, one number a pixel, and the picture is left alone."""
    (picture,) = pictures(1)
    before = picture.copy()
    picture.flags.writeable = False  # as GStreamer's memory is
    answer = segmenter.answer(picture).probability
    assert (answer.dtype, answer.shape) == (np.uint8, (64, 96))
    assert np.array_equal(picture, before)


def test_padded_rows_change_nothing(segmenter):
    """Video memory may have gaps between its rows."""
    (picture,) = pictures(1)
    padded = np.zeros((64, 100, 3), np.uint8)
    padded[:, :96] = picture
    answer = segmenter.answer(padded[:, :96]).probability
    assert np.array_equal(answer, segmenter.answer(picture).probability)


def test_two_threads_at_once_get_the_answers_of_one(segmenter):
    """Pictures that are worked on at the same time do not see each other."""
    frames = pictures(24)
    alone = [segmenter.answer(picture).probability for picture in frames]
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(segmenter.answer, frames))
    assert np.array_equal(alone, [answer.probability for answer in together])
    assert len({answer.tobytes() for answer in alone}) > 1


@pytest.mark.parametrize("shape", [(64, 95, 3), (96, 64, 3), (64, 96, 1), (64, 96, 4)])
def test_a_picture_of_another_size_is_refused(segmenter, shape):
    """A wrong size is a BundleError, never a stretched answer."""
    with pytest.raises(BundleError):
        segmenter.answer(np.zeros(shape, np.uint8))


def test_a_closed_segmenter_answers_no_more(segmenter):
    """Closing may be repeated; afterwards a picture is refused and the CPU time stays known."""
    (picture,) = pictures(1)
    segmenter.answer(picture)
    before_s = segmenter.cpu_s()
    segmenter.close()
    closed_s = segmenter.cpu_s()
    segmenter.close()
    assert before_s <= closed_s == segmenter.cpu_s()
    with pytest.raises(BundleError):
        segmenter.answer(picture)


def test_cpu_time_is_that_of_its_own_threads(segmenter, live):
    """ONNX Runtime has threads of its own for a live source only, OpenVINO always; they add up.

    TensorRT's work is the GPU's, and what waits for it sleeps.
    """
    (picture,) = pictures(1)
    has_own = CORES > 1 and segmenter.backend.startswith(("ONNX", "OpenVINO"))
    has_own = has_own and (live or segmenter.backend.startswith("OpenVINO"))
    for _ in range(20_000):  # the clock ticks a hundred times a second
        segmenter.answer(picture)
        if not has_own or segmenter.cpu_s() > 0.02:
            break
    assert (segmenter.cpu_s() > 0) == has_own
    used_s = segmenter.cpu_s()
    segmenter.close()
    assert segmenter.cpu_s() >= used_s


def test_dark_is_crack_to_the_fake():
    """The fake finds what is darker than a quarter of full light in every channel."""
    picture = np.full((64, 96, 3), 200, np.uint8)
    picture[10:12, 5:50] = 40
    picture[20:22, 5:50] = (40, 40, 90)
    probability = DarkSegmenter(96, 64).answer(picture).probability
    assert np.count_nonzero(probability) == 2 * 45
    assert np.all(probability[10:12, 5:50] == 255)


def test_the_identity_is_the_bundles(tiny):
    """What a detection is recorded with is the digest of the manifest, and its threshold."""
    segmenter = load_segmenter(tiny)
    assert segmenter.model_sha256 == tiny.sha256
    assert segmenter.threshold == tiny.manifest.threshold


def test_the_network_is_that_of_the_choice(tiny):
    """Precision and size are looked up in the bundle, and what it lacks is refused."""
    assert load_segmenter(tiny, ModelSpec(size_px=(96, 64))).precision == "fp32"
    for spec in (ModelSpec(precision="int8"), ModelSpec(size_px=(64, 96))):
        with pytest.raises(BundleError):
            load_segmenter(tiny, spec)


@pytest.mark.parametrize(
    ("key", "values"),
    [
        ("backend", ["", "onnx", "cpu"]),
        ("precision", ["", "fp8", "FP32"]),
        ("size_px", [(0, 64), (96, 0), (-96, 64), (8193, 64), (96, 8193)]),
    ],
)
def test_a_choice_that_cannot_be_is_refused(key, values):
    """An unknown backend or precision and a size out of range are named."""
    for value in values:
        with pytest.raises(ValueError, match=key):
            ModelSpec(**{key: value})


def test_a_choice_at_the_edge_is_taken():
    """One pixel and the largest side are sizes."""
    assert ModelSpec(size_px=(1, 8192)).size_px == (1, 8192)
