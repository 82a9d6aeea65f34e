"""A double of ``pycuda.driver``, with the names and parameters of ``wrap_cudadrv.cpp``.

``check_interfaces.py`` compares them with that file.
"""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from tests.doubles.gpu import GPU, POISON, Memory, Misuse, OutOfMemory, StreamQueue


class Error(Exception):
    """Base of what CUDA reports."""


class MemoryError(Error):  # noqa: A001  the library's own name
    """There is no memory left."""


class LogicError(Error):
    """It was asked for something that cannot be."""


class LaunchError(Error):
    """A kernel failed."""


class RuntimeError(Error):  # noqa: A001  the library's own name
    """Anything else."""


class event_flags(enum.IntEnum):  # noqa: N801  the library's own name
    """What an event is to be like."""

    DEFAULT = 0
    BLOCKING_SYNC = 1
    DISABLE_TIMING = 2


class device_attribute(enum.IntEnum):  # noqa: N801  the library's own name
    """What can be asked of a GPU."""

    MULTIPROCESSOR_COUNT = 16


_initialised = False


def init(flags: int = 0) -> None:
    """Find the GPUs."""
    global _initialised  # noqa: PLW0603  as the library itself
    if flags:
        raise Misuse("init takes no flags")
    if GPU.count < 0:
        raise RuntimeError("cuInit failed: no CUDA-capable device is detected")
    _initialised = True


def get_version() -> tuple[int, int, int]:
    """Return the version of CUDA that this was built with."""
    return (12, 6, 0)


def get_driver_version() -> int:
    """Return the version of CUDA that the driver has."""
    return 12060


class Context:
    """The primary context."""

    def __init__(self) -> None:
        self._retained = True

    def push(self) -> None:
        """Make it current in this thread."""
        GPU.stack.append(self)

    @staticmethod
    def pop() -> None:
        """Make the one before it current again."""
        if not GPU.stack:
            raise LogicError("context::pop failed: invalid device context - cannot pop")
        GPU.stack.pop()


class Device:
    """A GPU."""

    def __init__(self, number: int) -> None:
        if not _initialised:
            raise LogicError("cuDeviceGet failed: initialization error")
        if number >= GPU.count:
            raise LogicError("cuDeviceGet failed: invalid device ordinal")

    @staticmethod
    def count() -> int:
        """Return how many there are."""
        return GPU.count

    def name(self) -> str:
        """Return what it calls itself."""
        return GPU.name

    def compute_capability(self) -> tuple[int, int]:
        """Return its generation."""
        return GPU.compute_capability

    def get_attribute(self, attr: int) -> int:
        """Return what is asked for."""
        if attr is not device_attribute.MULTIPROCESSOR_COUNT:
            raise Misuse("the double knows how many multiprocessors there are, and no more")
        return GPU.multiprocessors

    def retain_primary_context(self) -> Context:
        """Return the context that all of a process share."""
        return Context()


class Stream:
    """A queue of work."""

    def __init__(self, flags: int = 0) -> None:
        GPU.require_context("a stream")
        self._queue = StreamQueue(GPU)

    @property
    def handle(self) -> int:
        """What others know it by."""
        return self._queue.handle

    def synchronize(self) -> None:
        """Wait until all of it is done."""
        self._queue.drain()

    def __del__(self) -> None:
        if not GPU.stack:
            GPU.faults.append("a stream was destroyed where no context is current")
        if not self._queue.is_idle:
            GPU.faults.append("a stream was destroyed with work in its queue")
        GPU.streams.pop(self._queue.handle, None)


class Event:
    """A mark in a stream."""

    def __init__(self, flags: int = 0) -> None:
        GPU.require_context("an event")
        if not flags & event_flags.BLOCKING_SYNC:
            raise Misuse("waiting for this event would spin on a core")
        self._queue: StreamQueue | None = None

    def record(self, stream: Stream | None = None) -> Event:
        """Set the mark behind what is queued now."""
        GPU.require_context("recording an event")
        if stream is None:
            raise Misuse("an event is recorded in the default stream")
        self._queue = GPU.stream(stream.handle)
        return self

    def synchronize(self) -> Event:
        """Wait until the work before the mark is done."""
        if self._queue is None:
            raise Misuse("waiting for an event that was never recorded")
        self._queue.drain()
        return self


class DeviceAllocation:
    """Memory of the GPU."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def __int__(self) -> int:
        return self._memory.address

    def free(self) -> None:
        """Give it back."""
        GPU.free(self._memory)


class PagelockedHostAllocation:
    """Memory that the GPU copies from by itself; the ``base`` of an array."""

    def __init__(self, memory: Memory, shape: tuple[int, ...]) -> None:
        self.memory = memory
        address = memory.data.__array_interface__["data"]
        self.__array_interface__ = {
            "shape": shape,
            "typestr": "|u1",
            "data": address,
            "version": 3,
        }

    def free(self) -> None:
        """Give it back."""
        GPU.free(self.memory)


def pagelocked_empty(shape: Any, dtype: Any, order: str = "C", mem_flags: int = 0) -> np.ndarray:
    """Return an array in page-locked memory."""
    if (np.dtype(dtype), order, mem_flags) != (np.dtype(np.uint8), "C", 0):
        raise Misuse("the double locks pages of uint8 only")
    memory = GPU.page_lock(int(np.prod(shape)))
    return np.asarray(PagelockedHostAllocation(memory, tuple(shape)))


def mem_alloc(bytes: int) -> DeviceAllocation:  # noqa: A002  the library's own name
    """Return memory of the GPU."""
    try:
        return DeviceAllocation(GPU.allocate(bytes))
    except OutOfMemory as error:
        raise MemoryError("cuMemAlloc failed: out of memory") from error


def memcpy_htod_async(dest: Any, src: np.ndarray, stream: Stream | None = None) -> None:
    """Queue a copy to the GPU."""
    host, device = _page_locked(src), GPU.at(int(dest), src.nbytes)

    def copy() -> None:
        device.data[:] = host.data

    _queue(stream).add(copy, host, device)


def memcpy_dtoh_async(dest: np.ndarray, src: Any, stream: Stream | None = None) -> None:
    """Queue a copy from the GPU; until it is done, the array holds nothing but poison."""
    host, device = _page_locked(dest), GPU.at(int(src), dest.nbytes)
    host.data[:] = POISON

    def copy() -> None:
        host.data[:] = device.data

    _queue(stream).add(copy, host, device)


def _page_locked(array: np.ndarray) -> Memory:
    """Return the page-locked memory of a whole array; with other memory a copy is no queued one."""
    allocation = array.base
    if not isinstance(allocation, PagelockedHostAllocation):
        raise Misuse("an asynchronous copy needs page-locked memory")
    if array.nbytes != allocation.memory.data.nbytes:
        raise Misuse("only a part of the page-locked memory is copied")
    return allocation.memory


def _queue(stream: Stream | None) -> StreamQueue:
    return GPU.stream(0 if stream is None else stream.handle)
