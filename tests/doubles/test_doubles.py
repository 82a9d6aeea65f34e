"""The doubles refuse what a real GPU would not forgive, and would compute too early or too late."""

import importlib
import sys

import numpy as np
import pytest

from tests.doubles.install import VERSIONS, doubles


@pytest.fixture
def gpu():
    """Have the doubles, with a context that is current in this thread."""
    with doubles("10.3.0") as found:
        driver = importlib.import_module("pycuda.driver")
        driver.init()
        context = driver.Device(0).retain_primary_context()
        context.push()
        yield found
        driver.Context.pop()


@pytest.fixture
def cuda(gpu):
    """Return the double of pycuda's driver."""
    return importlib.import_module("pycuda.driver")


def test_work_is_done_when_somebody_waits_and_not_before(gpu, cuda):
    """What is read earlier is poison, and what is written earlier is what is copied."""
    stream, device = cuda.Stream(), cuda.mem_alloc(8)
    there, back = (cuda.pagelocked_empty((8,), np.uint8) for _ in range(2))
    there[:] = 1
    cuda.memcpy_htod_async(device, there, stream)
    cuda.memcpy_dtoh_async(back, device, stream)
    assert set(back) == {0xA5}
    there[:] = 2  # too early: the copy has not been made
    stream.synchronize()
    assert set(back) == {2}
    for each in (there.base, back.base, device):
        each.free()
    del stream
    assert gpu.leaks() == ["1 pushed contexts"]


def test_what_is_left_is_named(gpu, cuda):
    """Memory, page-locked memory and streams; a stream that dies with work in it."""
    stream, device = cuda.Stream(), cuda.mem_alloc(8)
    host = cuda.pagelocked_empty((8,), np.uint8)
    cuda.memcpy_htod_async(device, host, stream)
    assert gpu.leaks() == [
        "1 pieces of GPU memory", "1 page-locked pieces", "1 streams", "1 pushed contexts"
    ]  # fmt: skip
    del stream
    assert "a stream was destroyed with work in its queue" in gpu.leaks()


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        (lambda cuda, memory, host, stream: cuda.memcpy_htod_async(memory, host), "default stream"),
        (lambda cuda, memory, _host, stream: cuda.memcpy_htod_async(
            memory, np.zeros(8, np.uint8), stream), "page-locked"),
        (lambda cuda, _memory, host, stream: cuda.memcpy_htod_async(64, host, stream), "no memory"),
        (lambda cuda, memory, host, stream: cuda.memcpy_htod_async(memory, host[:4], stream),
         "page-locked"),
        (lambda cuda, memory, _host, stream: cuda.memcpy_dtoh_async(
            cuda.pagelocked_empty((9,), np.uint8), memory, stream), "in memory of 8"),
        (lambda cuda, memory, host, stream: (cuda.memcpy_htod_async(memory, host, stream),
                                             memory.free()), "work that needs it is queued"),
        (lambda cuda, memory, _host, _stream: (memory.free(), memory.free()), "was freed"),
        (lambda cuda, memory, host, stream: (memory.free(), cuda.memcpy_htod_async(
            memory, host, stream)), "no memory"),
        (lambda cuda, _memory, _host, _stream: cuda.Event(), "spin"),
        (lambda cuda, _memory, _host, _stream: cuda.Event(1).synchronize(), "never recorded"),
        (lambda cuda, _memory, _host, _stream: (cuda.Context.pop(), cuda.mem_alloc(8)), "context"),
        (lambda cuda, _memory, _host, stream: (cuda.Context.pop(), stream.synchronize()),
         "context"),
    ],
)  # fmt: skip
def test_misuse_of_memory_and_streams_is_refused(cuda, what, reason):
    """What would crash, corrupt or wait for the whole GPU is an error here."""
    memory, stream = cuda.mem_alloc(8), cuda.Stream()
    host = cuda.pagelocked_empty((8,), np.uint8)
    with pytest.raises(AssertionError, match=reason):
        what(cuda, memory, host, stream)
    cuda.Context().push()
    stream.synchronize()


def test_memory_has_an_end(gpu, cuda):
    """The library's own error says so."""
    gpu.room_bytes = 100
    cuda.mem_alloc(60)
    with pytest.raises(cuda.MemoryError, match="out of memory"):
        cuda.mem_alloc(60)
    assert issubclass(cuda.MemoryError, cuda.Error)


@pytest.fixture
def loaded(gpu, tiny_bundle):
    """Return TensorRT, and the tiny network as an engine."""
    trt = importlib.import_module("tensorrt")
    log = importlib.import_module("edgecrack.engines.log").LOG
    builder = trt.Builder(log)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    assert trt.OnnxParser(network, log).parse((tiny_bundle / "model.fp16.onnx").read_bytes())
    config, profile = builder.create_builder_config(), builder.create_optimization_profile()
    assert builder.build_serialized_network(network, config) is None  # its size is open
    shape = trt.Dims([1, 64, 96, 3])
    profile.set_shape("frame", shape, shape, shape)
    config.add_optimization_profile(profile)
    plan = bytes(builder.build_serialized_network(network, config))
    return [trt, trt.Runtime(log).deserialize_cuda_engine(plan)]


def test_misuse_of_an_engine_is_refused(loaded, cuda):
    """Memory of another size, memory that is gone, no shape, no address, the default stream."""
    _, engine = loaded
    context, stream = engine.create_execution_context(), cuda.Stream()
    assert not context.execute_async_v3(stream.handle)
    assert not context.set_input_shape("frame", (1, 64, 64, 3))
    assert context.infer_shapes() == ["frame"]
    assert context.set_input_shape("frame", (1, 64, 96, 3))
    assert not context.set_tensor_address("nothing", 0)
    picture, wrong = cuda.mem_alloc(64 * 96 * 3), cuda.mem_alloc(7)
    context.set_tensor_address("frame", int(picture))
    assert not context.execute_async_v3(stream.handle)
    context.set_tensor_address("probability", int(wrong))
    with pytest.raises(AssertionError, match="in memory of 7"):
        context.execute_async_v3(stream.handle)
    right = cuda.mem_alloc(64 * 96)
    context.set_tensor_address("probability", int(right))
    with pytest.raises(AssertionError, match="default stream"):
        context.execute_async_v3(0)
    assert context.execute_async_v3(stream.handle)
    with pytest.raises(AssertionError, match="twice at the same time"):
        context.execute_async_v3(stream.handle)
    with pytest.raises(AssertionError, match="is queued"):
        right.free()
    stream.synchronize()
    right.free()
    with pytest.raises(AssertionError, match="no memory"):
        context.execute_async_v3(stream.handle)


def test_an_engine_that_dies_without_a_context_is_noted(loaded, gpu, cuda):
    """Python cannot raise there, so it is told in the end."""
    cuda.Context.pop()
    loaded.clear()
    cuda.Context().push()
    assert "an engine was destroyed where no context of CUDA is current" in gpu.leaks()


@pytest.mark.parametrize("version", VERSIONS)
def test_what_a_version_lacks_is_not_there(version):
    """So a program that counts on it fails as on the real one."""
    with doubles(version):
        trt = importlib.import_module("tensorrt")
        major = int(version.partition(".")[0])
        assert trt.__version__ == version
        assert hasattr(trt.BuilderFlag, "FP16") == (major < 11)
        assert hasattr(trt.NetworkDefinitionCreationFlag, "EXPLICIT_BATCH") == (major < 11)
        assert hasattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED") == (major > 8)
        assert hasattr(trt, "IProgressMonitor") == (major > 8)
        assert hasattr(trt, "OnnxParserRefitter") == (major > 8)


def test_outside_of_a_test_that_asks_there_are_none():
    """No other test may meet a double in the place of a library that is not installed."""
    with doubles("10.3.0"):
        importlib.import_module("pycuda.driver")
    names = {name for name in sys.modules if name.partition(".")[0] in {"pycuda", "tensorrt"}}
    assert names == set()
