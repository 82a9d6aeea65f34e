"""A double of ``cuda.bindings.runtime``: graphs that are recorded from a stream.

Each function returns an error and what it made, as those of version 12.9 and 13 do.
"""

from __future__ import annotations

import enum
from typing import Any

from tests.doubles.gpu import GPU, Misuse


class cudaError_t(enum.IntEnum):  # noqa: N801  the library's own name
    """What came of it."""

    cudaSuccess = 0
    cudaErrorStreamCaptureInvalidated = 901


class cudaStreamCaptureMode(enum.IntEnum):  # noqa: N801  the library's own name
    """How careful a recording is."""

    cudaStreamCaptureModeGlobal = 0
    cudaStreamCaptureModeThreadLocal = 1


_GRAPHS: set[int] = set()


def cudaStreamBeginCapture(stream: int, mode: int) -> tuple[int]:  # noqa: N802
    """Record what is queued from now on."""
    if mode != cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal:
        raise Misuse("a global recording would stop every other thread")
    GPU.stream(stream).begin_capture()
    return (cudaError_t.cudaSuccess,)


def cudaStreamEndCapture(stream: int) -> tuple[int, Any]:  # noqa: N802
    """Return what was recorded."""
    return cudaError_t.cudaSuccess, GPU.stream(stream).end_capture()


def cudaGraphInstantiate(graph: Any, flags: int) -> tuple[int, Any]:  # noqa: N802
    """Make it ready to be replayed."""
    if GPU.refuses_graphs:
        return (cudaError_t.cudaErrorStreamCaptureInvalidated,)  # type: ignore[return-value]
    ready = list(graph)
    _GRAPHS.add(id(ready))
    GPU.graphs += 1
    return cudaError_t.cudaSuccess, ready


def cudaGraphDestroy(graph: Any) -> tuple[int]:  # noqa: N802
    """Let go of a recording."""
    return (cudaError_t.cudaSuccess,)


def cudaGraphLaunch(graphExec: Any, stream: int) -> tuple[int]:  # noqa: N802, N803
    """Replay it."""
    if id(graphExec) not in _GRAPHS:
        raise Misuse("a graph is replayed that was freed")
    for work, memories in graphExec:
        GPU.stream(stream).add(work, *memories)
    return (cudaError_t.cudaSuccess,)


def cudaGraphExecDestroy(graphExec: Any) -> tuple[int]:  # noqa: N802, N803
    """Let go of it."""
    _GRAPHS.remove(id(graphExec))
    GPU.graphs -= 1
    return (cudaError_t.cudaSuccess,)
