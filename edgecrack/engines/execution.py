"""A TensorRT engine that is loaded, and the lanes in which pictures go through it.

Each lane has its own context, stream and buffers, so that while one picture is computed the next
is copied, and the processor works on the one before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorrt as trt

from edgecrack.engines.builder import INPUT, Shape, may_be, sides_of
from edgecrack.engines.gpu import Buffer, Stream
from edgecrack.engines.graph import Graph, is_wanted
from edgecrack.engines.inspection import convolution_precisions
from edgecrack.engines.log import LOG, made
from edgecrack.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


class RefusedPlanError(EngineError):
    """TensorRT does not take a plan, however much memory there is: it is of no use."""


class LoadedEngine:
    """An engine in the GPU's memory; its context must be current for all of this.

    Args:
        plan: What `builder.build` returned on this device.
        name: The network, for errors.
        size_px: Width and height that it must take.
        outputs: Names of the outputs that it must have, in this order.

    Raises:
        RefusedPlanError: TensorRT does not take the plan.
        EngineError: There is no memory for it, or it is of another contract.
    """

    def __init__(
        self, plan: bytes, name: str, size_px: tuple[int, int], outputs: Sequence[str]
    ) -> None:
        self.name = name
        width_px, height_px = size_px
        self.shapes: dict[str, Shape] = {
            INPUT: (1, height_px, width_px, 3),
            **dict.fromkeys(outputs, (1, height_px, width_px)),
        }
        runtime = made(trt.Runtime, LOG)
        engine = runtime.deserialize_cuda_engine(plan)
        if engine is None:
            raise _refused(name)
        self._runtime: trt.Runtime | None = runtime  # it must outlive the engine
        self._engine: trt.ICudaEngine = engine
        del runtime, engine  # an error would keep them
        try:
            self._check_contract()
        except BaseException:
            self.free()
            raise

    def _check_contract(self) -> None:
        count = self._engine.num_io_tensors
        names = [self._engine.get_tensor_name(index) for index in range(count)]
        found = {
            name: (
                self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT,
                self._engine.get_tensor_dtype(name) == trt.DataType.UINT8,
                sides_of(self._engine.get_tensor_shape(name)),
            )
            for name in names
        }
        # TensorRT lists tensors in an order of its own, so they are only ever known by name.
        fits = found.keys() == self.shapes.keys() and all(
            (is_input, is_uint8) == (name == INPUT, True) and may_be(shape, self.shapes[name])
            for name, (is_input, is_uint8, shape) in found.items()
        )
        if not fits:
            shown = {name: shape for name, (_, _, shape) in found.items()}
            raise EngineError(
                f"{self.name} must take and give {self.shapes} as uint8, but has {shown}; export "
                "it with edgecrack-export."
            )

    def lane(self) -> Lane:
        """Return one more way for pictures to go through.

        Raises:
            EngineError: There is no memory left.
        """
        return Lane(self)

    def context(self) -> trt.IExecutionContext:
        """Return a context of TensorRT's.

        Raises:
            EngineError: There is no memory left.
        """
        LOG.forget()
        context = self._engine.create_execution_context()
        if context is None:
            raise self.failed("have memory to run")
        return context

    def failed(self, what: str) -> EngineError:
        """Return the error that it must do something and does not, with TensorRT's reason."""
        return EngineError(
            f"the engine of {self.name} must {what}, but: {LOG.reason}; run 'edgecrack doctor'."
        )

    def layers(self, lane: Lane) -> str:
        """Return what TensorRT's inspector says of its layers at the size of a lane: JSON."""
        inspector = self._engine.create_engine_inspector()
        inspector.execution_context = lane.context
        return str(inspector.get_engine_information(trt.LayerInformationFormat.JSON))

    def convolutions(self, lane: Lane) -> dict[str, int]:
        """Return the precisions of its convolutions as inspected, each with their number."""
        return convolution_precisions(self.layers(lane))

    def free(self) -> None:
        """Let go of it; its lanes are freed before."""
        del self._engine
        self._runtime = None


class Lane:
    """One context of an engine with its stream and buffers, for one picture at a time.

    Nothing else holds its context, not even for a while: the traceback of an error would keep it,
    and the GPU's memory with it.

    Args:
        engine: What it is a lane of.

    Attributes:
        context: TensorRT's own, for the inspector.

    Raises:
        EngineError: There is no memory left.
    """

    def __init__(self, engine: LoadedEngine) -> None:
        self._owner = engine
        self._buffers: dict[str, Buffer] = {}
        self._graph: Graph | None = None
        self._stream = Stream()
        try:
            self.context: trt.IExecutionContext = engine.context()
        except BaseException:
            self._stream.free()
            raise
        try:
            self._prepare()
        except BaseException:
            self.free()
            raise

    def _prepare(self) -> None:
        if self.context.active_optimization_profile != 0:  # the first one has taken it by itself
            self._require(
                self.context.set_optimization_profile_async(0, self._stream.handle),
                "use its profile",
            )
            self._stream.wait()
        shapes = self._owner.shapes
        frame = trt.Dims(list(shapes[INPUT]))
        self._require(self.context.set_input_shape(INPUT, frame), "take this size")
        if missing := self.context.infer_shapes():
            raise self._owner.failed(f"know the shapes of {missing}")
        for tensor, shape in shapes.items():
            if sides_of(self.context.get_tensor_shape(tensor)) != shape:
                raise self._owner.failed(f"have {tensor} of {shape}")
            self._buffers[tensor] = buffer = Buffer(shape)
            self._require(self.context.set_tensor_address(tensor, buffer.address), f"take {tensor}")
        if is_wanted():
            self._queue()
            self._stream.wait()
            self._graph = Graph(self._stream.handle, self._queue)

    def run(self, image: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """Return what the network says of an RGB picture (H, W, 3): each output, (H, W).

        Raises:
            EngineError: TensorRT or CUDA failed.
        """
        frame, *planes = self._buffers.values()
        np.copyto(frame.host[0], image)
        try:
            self._queue() if self._graph is None else self._graph.replay()
        finally:  # after an error, too: what was queued before it still uses the buffers
            self._stream.wait()
        return [plane.host[0].copy() for plane in planes]

    def _queue(self) -> None:
        """Queue what is done with one picture: there, through the network, and back."""
        frame, *planes = self._buffers.values()
        self._stream.upload(frame)
        self._require(self.context.execute_async_v3(self._stream.handle), "run")
        for plane in planes:
            self._stream.download(plane)

    def free(self) -> None:
        """Wait for what is queued, and give the memory back. May be called once."""
        self._stream.wait()
        if self._graph is not None:
            self._graph.free()
            self._graph = None
        del self.context
        for buffer in self._buffers.values():
            buffer.free()
        self._buffers.clear()
        self._stream.free()

    def _require(self, success: object, what: str) -> None:
        if not success:
            raise self._owner.failed(what)


def _refused(name: str) -> EngineError:
    """Return the error that a plan could not be loaded, with TensorRT's reason."""
    text = f"TensorRT {trt.__version__} must load the engine of {name}, but: {LOG.reason}"
    if "memory" in LOG.reason.lower():
        return EngineError(f"{text}; close other programs.")
    return RefusedPlanError(f"{text}; the next run builds it anew.")
