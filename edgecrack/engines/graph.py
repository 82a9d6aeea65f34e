"""The work of one picture as a CUDA graph: told to the GPU once, and replayed for each picture.

That spares the processor the queueing of each kernel. pycuda cannot do it, so it needs
``cuda-bindings``; and it is off until a board has shown that it gains anything: set
``EDGECRACK_CUDA_GRAPH=1``.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from edgecrack.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

SWITCH = "EDGECRACK_CUDA_GRAPH"


def is_wanted() -> bool:
    """Whether the environment asks for graphs."""
    return os.environ.get(SWITCH, "0") not in {"", "0"}


class Graph:
    """Work that was recorded from a stream, ready to be replayed there.

    Args:
        stream: Handle of the stream; nothing is queued in it.
        queue: Queues the work. It has been done once before: TensorRT sets up the first time what
            cannot be recorded.

    Raises:
        EngineError: ``cuda-bindings`` is missing, or something in the work cannot be recorded.
    """

    def __init__(self, stream: int, queue: Callable[[], None]) -> None:
        self._runtime, self._stream = _runtime(), stream
        mode = self._runtime.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        self._call("cudaStreamBeginCapture", stream, mode)
        try:
            queue()
        finally:
            graph = self._call("cudaStreamEndCapture", stream)
        self._ready = self._call("cudaGraphInstantiate", graph, 0)
        self._call("cudaGraphDestroy", graph)

    def replay(self) -> None:
        """Queue the work once more."""
        self._call("cudaGraphLaunch", self._ready, self._stream)

    def free(self) -> None:
        """Let go of it; none of it is queued any more."""
        self._call("cudaGraphExecDestroy", self._ready)

    def _call(self, name: str, *arguments: object) -> Any:  # noqa: ANN401  the library has no types
        error, *values = getattr(self._runtime, name)(*arguments)
        if error != self._runtime.cudaError_t.cudaSuccess:
            raise EngineError(
                f"{name} must work for a CUDA graph, but gave {error}; leave {SWITCH} unset."
            )
        return values[0] if values else None


def _runtime() -> Any:  # noqa: ANN401  the library has no types
    try:
        from cuda.bindings import runtime  # noqa: PLC0415  only where it is asked for
    except ImportError as error:
        raise EngineError(
            f"{SWITCH} needs cuda-bindings, which cannot be loaded ({error}); install it, or leave "
            "the variable unset."
        ) from error
    return runtime
