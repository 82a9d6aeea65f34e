"""A GPU that is not there: memory, streams and contexts, and what would go wrong on a real one.

It stands behind the doubles of ``pycuda`` and ``tensorrt`` in this folder. Work that is queued in a
stream is done when somebody waits for it and not before, with what the memory holds then; until
then, what it will write holds nothing but `POISON`. Whatever a real GPU would answer with a crash,
a leak or wrong pictures is a `Misuse`.
"""

from __future__ import annotations

import atexit
import os
import sys
import threading
import weakref
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable

POISON = 0xA5


class Misuse(AssertionError):
    """Something that a real GPU would not forgive."""


class OutOfMemory(Exception):
    """The GPU has no room; ``pycuda`` and ``tensorrt`` each say so in their own way."""


@dataclass(eq=False)
class Memory:
    """A piece of memory, on the GPU or page-locked.

    Attributes:
        address: Where the GPU finds it.
        data: The bytes.
        is_alive: Whether it has not been freed.
        users: Streams with work in their queue that needs it.
    """

    address: int
    data: np.ndarray
    is_alive: bool = True
    users: set[int] = field(default_factory=set)

    def require(self, what: str) -> None:
        """Refuse what is done with memory that was freed."""
        if not self.is_alive:
            raise Misuse(f"{what} uses memory that was freed")


class StreamQueue:
    """Work in the order it was given, none of it done yet."""

    def __init__(self, gpu: Gpu) -> None:
        self._gpu = gpu
        self.handle = gpu.next_handle()
        self._work: list[tuple[Callable[[], None], tuple[Memory, ...]]] = []
        self._recorded: list[tuple[Callable[[], None], tuple[Memory, ...]]] | None = None
        gpu.streams[self.handle] = self

    def add(self, work: Callable[[], None], *memories: Memory) -> None:
        """Queue some work and the memory that it needs."""
        self._gpu.require_context("work for a stream")
        for memory in memories:
            memory.require("work for a stream")
        if self._recorded is not None:
            self._recorded.append((work, memories))
            return
        for memory in memories:
            memory.users.add(self.handle)
        self._work.append((work, memories))

    def drain(self) -> None:
        """Do all of it."""
        self._gpu.require_context("waiting for a stream")
        if self._recorded is not None:
            raise Misuse("waiting for a stream that is recorded")
        self._gpu.gate.wait()
        work, self._work = self._work, []
        for step, memories in work:
            for memory in memories:
                memory.require("queued work")
            step()
        for _, memories in work:
            for memory in memories:
                memory.users.discard(self.handle)

    def begin_capture(self) -> None:
        """Record what is queued instead of keeping it."""
        if self._work or self._recorded is not None:
            raise Misuse("a recording begins in a stream that is not idle")
        self._recorded = []

    def end_capture(self) -> list[tuple[Callable[[], None], tuple[Memory, ...]]]:
        """Return what was recorded."""
        recorded, self._recorded = self._recorded, None
        return recorded or []

    @property
    def is_idle(self) -> bool:
        """Whether nothing is queued."""
        return not self._work


class Gpu:
    """The one GPU of this process.

    Attributes:
        name: What it calls itself.
        compute_capability: Its generation.
        multiprocessors: How many it has.
        room_bytes: Its memory.
        dla_cores: Deep-learning accelerators beside it.
        build_problem: What the builder logs instead of building; empty if it builds.
        load_problem: What is logged instead of loading a plan; empty if it is loaded.
        missing_weights: What a refit says that it was not given.
        builds_fp32: Whether the builder computes in FP32 whatever it is asked, without an error.
        returns_nullptr: Whether TensorRT cannot initialise CUDA, and so makes no object at all.
        deserialised: How many plans were handed to it.
        timed: Layers whose kernels the builder has tried, each time it did.
        faults: What went wrong where no exception can be raised.
        before_step: Called before each step of a build with its monitor.
        graphs: Recordings that are ready to be replayed.
        refuses_graphs: Whether what was recorded cannot be replayed.
        gate: While it is closed, whoever waits for the GPU waits.
    """

    def __init__(self) -> None:
        self.name = os.environ.get("GPU_DOUBLE_NAME", "Orin")
        self.compute_capability = (8, 7)
        self.multiprocessors = int(os.environ.get("GPU_DOUBLE_MULTIPROCESSORS", "16"))
        self.room_bytes = int(os.environ.get("GPU_DOUBLE_BYTES", str(1 << 30)))
        self.count = int(os.environ.get("GPU_DOUBLE_COUNT", "1"))
        self.dla_cores = 0
        self.build_problem = os.environ.get("GPU_DOUBLE_PROBLEM", "")
        self.load_problem = ""
        self.missing_weights: list[str] = []
        self.builds_fp32 = False
        self.returns_nullptr = bool(os.environ.get("GPU_DOUBLE_NULLPTR"))
        self.deserialised = 0
        self.timed: list[str] = []
        self.faults: list[str] = []
        self.streams: dict[int, StreamQueue] = {}
        self.device: dict[int, Memory] = {}
        self.host: list[Memory] = []
        self.graphs = 0
        self.refuses_graphs = False
        self.living: weakref.WeakSet[Any] = weakref.WeakSet()
        self.before_step: Callable[[Any, int], None] | None = None
        self.gate = threading.Event()
        self.gate.set()
        self._handles = 0x1000
        self._address = 0x7F00_0000_0000
        self._local = threading.local()
        self._lock = threading.RLock()

    def next_handle(self) -> int:
        """Return a number that nothing else has."""
        with self._lock:
            self._handles += 0x10
            return self._handles

    @property
    def stack(self) -> list[object]:
        """Contexts that the calling thread has pushed."""
        if not hasattr(self._local, "stack"):
            self._local.stack = []
        return self._local.stack

    def require_context(self, what: str) -> None:
        """Refuse what is done in a thread in which no context is current."""
        if not self.stack:
            raise Misuse(f"{what} needs a context that is current in this thread")

    def used_bytes(self) -> int:
        """Return how much of the memory is taken."""
        return sum(memory.data.nbytes for memory in self.device.values())

    def allocate(self, count_bytes: int) -> Memory:
        """Return memory of the GPU."""
        self.require_context("memory")
        with self._lock:
            if count_bytes < 1:
                raise Misuse(f"memory of {count_bytes} bytes")
            if self.used_bytes() + count_bytes > self.room_bytes:
                raise OutOfMemory
            self._address += 0x1_0000 + count_bytes
            self._address -= self._address % 0x100
            memory = Memory(self._address, np.full(count_bytes, POISON, np.uint8))
            self.device[memory.address] = memory
            return memory

    def page_lock(self, count_bytes: int) -> Memory:
        """Return memory of the processor that the GPU copies from by itself."""
        self.require_context("page-locked memory")
        memory = Memory(0, np.full(count_bytes, POISON, np.uint8))
        self.host.append(memory)
        return memory

    def free(self, memory: Memory) -> None:
        """Take memory back."""
        self.require_context("freeing memory")
        memory.require("freeing")
        if memory.users:
            raise Misuse("memory is freed while work that needs it is queued")
        memory.is_alive = False
        memory.data[:] = POISON
        self.device.pop(memory.address, None)
        if memory in self.host:
            self.host.remove(memory)

    def at(self, address: int, count_bytes: int) -> Memory:
        """Return the memory at an address, of exactly this size."""
        memory = self.device.get(address)
        if memory is None:
            raise Misuse(f"there is no memory of the GPU at {address:#x}")
        if memory.data.nbytes != count_bytes:
            raise Misuse(f"a tensor of {count_bytes} bytes in memory of {memory.data.nbytes}")
        return memory

    def stream(self, handle: int) -> StreamQueue:
        """Return the stream of a handle; the default one is refused."""
        if handle == 0:
            raise Misuse("the default stream makes TensorRT wait for the whole GPU")
        if handle not in self.streams:
            raise Misuse(f"there is no stream {handle:#x}")
        return self.streams[handle]

    def leaks(self) -> list[str]:
        """Return what is still held, and what went wrong unheard."""
        held = {
            "pieces of GPU memory": len(self.device),
            "page-locked pieces": len(self.host),
            "streams": len(self.streams),
            "engines and contexts": len(self.living),
            "pushed contexts": len(self.stack),
            "graphs": self.graphs,
        }
        return [*self.faults, *(f"{count} {what}" for what, count in held.items() if count)]


GPU = Gpu()


def _tell_leaks() -> None:
    """End a program that leaves something behind with another code than its own."""
    if leaks := GPU.leaks():
        sys.stderr.write(f"GPU double: {'; '.join(leaks)}\n")
        sys.stderr.flush()
        os._exit(97)


if os.environ.get("GPU_DOUBLE_STRICT"):
    atexit.register(_tell_leaks)
