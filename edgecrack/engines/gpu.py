"""The GPU through pycuda: its context, streams, and memory that both sides see.

A context of CUDA is current in one thread at a time, and whatever is made, used or freed needs it.
So the GPU's primary context is retained once, the same that TensorRT uses by itself, and pushed in
whatever thread works with it for as long as it does.
"""

from __future__ import annotations

import functools
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pycuda.driver as cuda

from edgecrack.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray


class Gpu:
    """The first GPU of this machine.

    Attributes:
        name: What it calls itself.
        compute_capability: Such as ``8.7``.
        multiprocessors: How many of its own are switched on.
        driver: CUDA version of the driver, such as ``12.6``.
        pycuda: CUDA version that pycuda was built with.
    """

    def __init__(self) -> None:
        with cuda_errors("a GPU must be there"):
            cuda.init()
            if cuda.Device.count() < 1:
                raise EngineError(
                    "TensorRT needs a GPU, but CUDA finds none; use --backend onnxruntime."
                )
            device = cuda.Device(0)
            self.name = str(device.name())
            self.compute_capability = ".".join(map(str, device.compute_capability()))
            count = cuda.device_attribute.MULTIPROCESSOR_COUNT
            self.multiprocessors = int(device.get_attribute(count))
            self.driver = _version(int(cuda.get_driver_version()))
            self.pycuda = ".".join(map(str, cuda.get_version()[:2]))
            self._context = device.retain_primary_context()

    @contextmanager
    def current(self) -> Iterator[None]:
        """Have this GPU's context in the calling thread.

        Raises:
            EngineError: CUDA failed, here or in what is done within.
        """
        with cuda_errors("the GPU must do what it is asked"):
            self._context.push()
            try:
                yield
            except BaseException as error:
                # The frames of an error would hold what they made on the GPU until nobody wants
                # the error any more, and then no context may be current.
                traceback.clear_frames(error.__traceback__)
                raise
            finally:
                cuda.Context.pop()


@functools.cache
def first_gpu() -> Gpu:
    """Return the first GPU, the same at each call.

    Raises:
        EngineError: There is none, or its driver does not work.
    """
    return Gpu()


@contextmanager
def cuda_errors(wanted: str) -> Iterator[None]:
    """Turn an error of CUDA into one of ours.

    Args:
        wanted: What was wanted, for the message.

    Raises:
        EngineError: CUDA failed within.
    """
    try:
        yield
    except cuda.MemoryError as error:
        raise EngineError(
            f"{wanted}, but the GPU's memory is full ({error}); close other programs, or use a "
            "smaller --size."
        ) from error
    except cuda.Error as error:
        raise EngineError(
            f"{wanted}, but CUDA failed ({error}); run 'edgecrack doctor'."
        ) from error


class Stream:
    """A queue of work for the GPU, which is done in order; never the default one.

    On the default one TensorRT would wait for the whole GPU twice a picture. The calling thread
    sleeps while it waits: spinning, as CUDA does by default, takes a core from the decoder.
    """

    def __init__(self) -> None:
        self._stream = cuda.Stream()
        flags = cuda.event_flags
        self._end = cuda.Event(int(flags.BLOCKING_SYNC) | int(flags.DISABLE_TIMING))

    @property
    def handle(self) -> int:
        """What TensorRT knows it by."""
        return int(self._stream.handle)

    def upload(self, buffer: Buffer) -> None:
        """Copy a buffer to the GPU, after the work that is queued."""
        cuda.memcpy_htod_async(buffer.device, buffer.host, self._stream)

    def download(self, buffer: Buffer) -> None:
        """Copy a buffer from the GPU, after the work that is queued."""
        cuda.memcpy_dtoh_async(buffer.host, buffer.device, self._stream)

    def wait(self) -> None:
        """Wait until all that is queued is done; other threads of Python run meanwhile."""
        self._end.record(self._stream)
        self._end.synchronize()

    def free(self) -> None:
        """Let go of it; its context must be current."""
        del self._stream, self._end


class Buffer:
    """An array of bytes, in memory that the GPU copies from by itself, and its like on the GPU.

    Args:
        shape: Of the array.

    Attributes:
        host: The array, uint8.
        device: Its like.

    Raises:
        EngineError: There is no memory left.
    """

    host: NDArray[np.uint8]
    device: Any

    def __init__(self, shape: tuple[int, ...]) -> None:
        with cuda_errors(f"{int(np.prod(shape)):,} bytes must fit into the GPU's memory"):
            self.host = cuda.pagelocked_empty(shape, np.uint8)
            try:
                self.device = cuda.mem_alloc(self.host.nbytes)
            except cuda.Error:
                self._free_host()
                raise

    @property
    def address(self) -> int:
        """Where it is on the GPU."""
        return int(self.device)

    def free(self) -> None:
        """Give the memory back; its context must be current, and nothing may use it any more."""
        self.device.free()
        self._free_host()
        del self.device

    def _free_host(self) -> None:
        memory: Any = self.host.base
        del self.host
        memory.free()


def _version(number: int) -> str:
    """Return a version that CUDA gives as one number: 12060 is 12.6."""
    return f"{number // 1000}.{number % 1000 // 10}"
