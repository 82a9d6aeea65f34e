"""The running half of the double of TensorRT: ONNX Runtime computes, in the order of streams."""

from __future__ import annotations

import json
import math
import os
from typing import Any

import numpy as np

os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from tests.doubles.gpu import GPU, Misuse, OutOfMemory
from tests.doubles.onnx_graph import UINT8, Graph, read_graph
from tests.doubles.trt_names import (
    MAJOR,
    DataType,
    Dims,
    IHostMemory,
    ILogger,
    LayerInformationFormat,
    ParserError,
    TensorIOMode,
    check_factory,
)
from tests.doubles.trt_plan import Plan, read_plan

_CONTEXT_BYTES = 1 << 16  # what a context takes for itself


class Runtime:
    """Loads plans."""

    def __init__(self, logger: ILogger) -> None:
        check_factory(logger)
        self._logger = logger
        self.engine_host_code_allowed = False

    def deserialize_cuda_engine(self, serialized_engine: bytes) -> ICudaEngine | None:
        """Return the engine or, having told the log why, None."""
        GPU.require_context("loading an engine")
        plan = read_plan(serialized_engine, self._logger)
        return None if plan is None else ICudaEngine(plan, self._logger)


class ICudaEngine:
    """A plan that is loaded."""

    def __init__(self, plan: Plan, logger: ILogger) -> None:
        self._plan, self._logger, self._contexts = plan, logger, 0
        self._graph: Graph = read_graph(plan.onnx)
        self._session = _session(plan)
        GPU.living.add(self)

    def __del__(self) -> None:
        if not GPU.stack:
            GPU.faults.append("an engine was destroyed where no context of CUDA is current")

    @property
    def num_io_tensors(self) -> int:
        """How many inputs and outputs."""
        return len(self._edges)

    @property
    def _edges(self) -> dict[str, Any]:
        """Return inputs and outputs, these not as the network has them: nothing promises that."""
        return {edge.name: edge for edge in (*self._graph.inputs, *self._graph.outputs[::-1])}

    def get_tensor_name(self, index: int) -> str:
        """Return the name of one."""
        return list(self._edges)[index]

    def get_tensor_mode(self, name: str) -> int:
        """Return whether it is an input."""
        is_input = name in {edge.name for edge in self._graph.inputs}
        return TensorIOMode.INPUT if is_input else TensorIOMode.OUTPUT

    def get_tensor_dtype(self, name: str) -> int:
        """Return its type."""
        return DataType.UINT8 if self._edges[name].type == UINT8 else DataType.FLOAT

    def get_tensor_shape(self, name: str) -> Dims:
        """Return its shape, open where the network's is."""
        return Dims(self._edges[name].shape)

    def create_execution_context(self) -> IExecutionContext | None:
        """Return one or, having told the log why, None."""
        GPU.require_context("a context of an engine")
        try:
            return IExecutionContext(self)
        except OutOfMemory:
            self._logger.log(ILogger.ERROR, "Requested amount of GPU memory could not be allocated")
            return None

    def create_engine_inspector(self) -> EngineInspector:
        """Return one."""
        return EngineInspector(self)

    def serialize(self) -> IHostMemory:
        """Return the plan."""
        return IHostMemory(bytes(self._plan))


def _session(plan: Plan) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    for name, side in zip(("height", "width"), plan.shape[1:3], strict=True):
        options.add_free_dimension_override_by_name(name, side)
    return onnxruntime.InferenceSession(plan.onnx, options, providers=["CPUExecutionProvider"])


class IExecutionContext:
    """One picture's way through an engine."""

    def __init__(self, engine: ICudaEngine) -> None:
        self._engine = engine
        self._memory = GPU.allocate(_CONTEXT_BYTES)
        self._addresses: dict[str, int] = {}
        self._shape: tuple[int, ...] | None = None
        self._profile = 0 if engine._contexts == 0 else -1
        self._is_first = engine._contexts == 0
        self._queued: set[int] = set()
        engine._contexts += 1
        GPU.living.add(self)

    def __del__(self) -> None:
        if not hasattr(self, "_memory"):
            return
        if not GPU.stack:
            GPU.faults.append("a context of an engine was destroyed where none of CUDA is current")
        elif self._memory.users:
            GPU.faults.append("a context of an engine was destroyed with work in a queue")
        else:
            GPU.free(self._memory)

    @property
    def active_optimization_profile(self) -> int:
        """Its number, or -1."""
        return self._profile

    def set_optimization_profile_async(self, profile_index: int, stream_handle: int) -> bool:
        """Use one."""
        GPU.stream(stream_handle)
        if not (self._is_first or self._engine._plan.shares_profile):
            self._log("Profile 0 has been chosen for another context.")
            return False
        self._profile = profile_index
        return True

    def set_input_shape(self, name: str, shape: Dims) -> bool:
        """Set the shape of an input."""
        if self._profile != 0:
            self._log("No optimization profile has been set.")
            return False
        if not isinstance(shape, (Dims, tuple, list)) or tuple(shape) != self._engine._plan.shape:
            self._log(f"{name} does not satisfy any optimization profiles.")
            return False
        self._shape = tuple(shape)
        return True

    def infer_shapes(self) -> list[str]:
        """Return the inputs whose shapes are not set."""
        return [] if self._shape else [edge.name for edge in self._engine._graph.inputs]

    def get_tensor_shape(self, name: str) -> Dims:
        """Return a shape as it is set now."""
        edge = self._engine._edges[name]
        if self._shape is None or -1 not in edge.shape:
            return Dims(edge.shape)
        return Dims(self._shape if self._engine.get_tensor_mode(name) == TensorIOMode.INPUT
                    else self._shape[:3])  # fmt: skip

    def set_tensor_address(self, name: str, memory: int) -> bool:
        """Set where a tensor is."""
        if name not in self._engine._edges:
            self._log(f"Given invalid tensor name: {name}.")
            return False
        self._addresses[name] = memory
        return True

    def execute_async_v3(self, stream_handle: int) -> bool:
        """Queue a run."""
        stream = GPU.stream(stream_handle)
        if self._shape is None or set(self._addresses) != set(self._engine._edges):
            self._log("Neither address or allocator is set for a tensor.")
            return False
        if self._memory.users:
            raise Misuse("a context runs twice at the same time")
        places = {name: GPU.at(address, math.prod(tuple(self.get_tensor_shape(name))))
                  for name, address in self._addresses.items()}  # fmt: skip
        engine, shape = self._engine, self._shape

        def run() -> None:
            frame, *outputs = engine._edges
            picture = places[frame].data.reshape(shape).copy()
            answers = engine._session.run(outputs, {frame: picture})
            for name, answer in zip(outputs, answers, strict=True):
                places[name].data[:] = np.ascontiguousarray(answer).reshape(-1)

        stream.add(run, self._memory, *places.values())
        return True

    def _log(self, text: str) -> None:
        self._engine._logger.log(
            ILogger.ERROR, f"IExecutionContext: Error Code 3: API Usage ({text})"
        )


class EngineInspector:
    """Says what is in an engine."""

    def __init__(self, engine: ICudaEngine) -> None:
        self._engine = engine
        self.execution_context: IExecutionContext | None = None

    def get_engine_information(self, format: int) -> str:  # noqa: A002
        """Return it as JSON, in the words of this version."""
        if format != LayerInformationFormat.JSON:
            raise Misuse("the double inspects in JSON only")
        engine = self._engine
        nodes = engine._graph.convolutions
        if not engine._plan.is_detailed:
            return json.dumps({"Layers": [node.name for node, _, _ in nodes], "Bindings": []})
        layers = [self._reformat(), *(self._convolution(node.name, node.kind, count)
                                      for node, _, count in nodes)]  # fmt: skip
        return json.dumps({"Layers": layers, "Bindings": list(engine._edges)})

    def _convolution(self, name: str, kind: str, count: int) -> dict[str, Any]:
        word = self._engine._plan.precisions[name]
        shown = word if self.execution_context else "N/A due to dynamic shapes"
        tensors = {"Inputs": [{"Name": f"{name} in", "Format/Datatype": shown}],
                   "Outputs": [{"Name": f"{name} out", "Format/Datatype": shown}]}  # fmt: skip
        if MAJOR >= 11 and kind == "Conv":  # fused by the compiler
            return {"Name": f"__myl_{name}", "LayerType": "correlation", **tensors}
        layer = "CaskDeconvolutionV2" if kind == "ConvTranspose" else "CaskConvolution"
        weights = {"Type": word, "Count": count}
        told = {"Name": name, "LayerType": layer, "ParameterType": "Convolution", **tensors}
        return {**told, "Weights": weights, "HasBias": 1}

    @staticmethod
    def _reformat() -> dict[str, Any]:
        return {"Name": "first cast", "LayerType": "Reformat", "ParameterType": "Reformat",
                "Outputs": [{"Name": "cast", "Format/Datatype": "Float"}]}  # fmt: skip


class Refitter:
    """Exchanges weights."""

    def __init__(self, engine: ICudaEngine, logger: ILogger) -> None:
        check_factory(logger)
        self._engine, self._logger, self._onnx = engine, logger, b""

    def get_missing_weights(self) -> list[str]:
        """Return what was not given."""
        return list(GPU.missing_weights)

    def refit_cuda_engine(self) -> bool:
        """Do it."""
        GPU.require_context("a refit")
        if not (self._onnx and self._engine._plan.is_refittable):
            self._logger.log(ILogger.ERROR, "The engine was not built with the flag REFIT.")
            return False
        self._engine._plan.onnx = self._onnx
        return True


class OnnxParserRefitter:
    """Takes the weights from an ONNX file."""

    def __init__(self, refitter: Refitter, logger: ILogger) -> None:
        check_factory(logger)
        self._refitter, self._logger, self._errors = refitter, logger, list[str]()

    def refit_from_bytes(self, model: bytes) -> bool:
        """Take them; return whether they fit."""
        if read_graph(model).architecture != self._refitter._engine._graph.architecture:
            self._errors.append("The network is not that of the engine.")
            return False
        self._refitter._onnx = bytes(model)
        return True

    @property
    def num_errors(self) -> int:
        """How many errors."""
        return len(self._errors)

    def get_error(self, index: int) -> ParserError:
        """Return one of them."""
        return ParserError(self._errors[index])
