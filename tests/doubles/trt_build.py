"""The building half of the double of TensorRT."""

from __future__ import annotations

import json
from typing import Any

from tests.doubles.gpu import GPU, Misuse
from tests.doubles.onnx_graph import Graph, read_graph
from tests.doubles.trt_names import (
    MAJOR,
    BuilderFlag,
    Dims,
    IHostMemory,
    ILogger,
    MemoryPoolType,
    NetworkDefinitionCreationFlag,
    ParserError,
    PreviewFeature,
    ProfilingVerbosity,
    check_factory,
)
from tests.doubles.trt_plan import Plan

_BUILD, _TIMING = "Building engine from network", "Timing kernels"
_WEAK_FLAG = {"Half": "FP16", "Int8": "INT8"}


class ITensor:
    """An input of a network."""

    def __init__(self, name: str, shape: tuple[int, ...]) -> None:
        self.name, self.shape = name, Dims(shape)


class ILayer:
    """An operator of a network."""

    def __init__(self, name: str, kind: str) -> None:
        self.name, self._kind = name, kind


class INetworkDefinition:
    """What is to be built."""

    def __init__(self, *, is_typed: bool) -> None:
        self._is_typed, self._graph, self._onnx = is_typed, Graph(), b""

    @property
    def num_inputs(self) -> int:
        """How many inputs."""
        return len(self._graph.inputs)

    def get_input(self, index: int) -> ITensor:
        """Return one of them."""
        edge = self._graph.inputs[index]
        return ITensor(edge.name, edge.shape)

    @property
    def num_layers(self) -> int:
        """How many operators."""
        return len(self._graph.nodes)

    def get_layer(self, index: int) -> ILayer:
        """Return one of them."""
        node = self._graph.nodes[index]
        return ILayer(node.name, node.kind)


class OnnxParser:
    """Reads an ONNX file into a network."""

    def __init__(self, network: INetworkDefinition, logger: ILogger) -> None:
        check_factory(logger)
        self._network, self._logger, self._errors = network, logger, list[str]()

    def parse(self, model: bytes) -> bool:
        """Read it; return whether that went well."""
        try:
            graph = read_graph(model)
        except ValueError:
            self._errors.append("Failed to parse the ONNX model.")
            return False
        if unknown := [node.kind for node in graph.nodes if node.kind == "Divine"]:
            self._errors.append(f"No importer registered for op: {unknown[0]}.")
            return False
        for node in graph.nodes:  # a UINT8 input goes into a Cast and nowhere else
            inputs = {edge.name for edge in graph.inputs}
            if inputs & set(node.takes) and node.kind not in {"Cast", "Gather", "Identity"}:
                self._errors.append(f"{node.kind} takes no UINT8.")
                return False
        self._network._graph, self._network._onnx = graph, bytes(model)
        return True

    @property
    def num_errors(self) -> int:
        """How many errors."""
        return len(self._errors)

    def get_error(self, index: int) -> ParserError:
        """Return one of them."""
        return ParserError(self._errors[index])


class IOptimizationProfile:
    """The shapes that an engine is to take."""

    def __init__(self) -> None:
        self._shapes: dict[str, tuple[int, ...]] = {}

    def set_shape(self, input: str, min: Dims, opt: Dims, max: Dims) -> None:  # noqa: A002
        """Set those of an input."""
        shapes = {tuple(each) for each in (min, opt, max)}
        if len(shapes) != 1:
            raise Misuse("the double builds engines of one size")
        self._shapes[input] = shapes.pop()


class ITimingCache:
    """What was timed."""

    def __init__(self, layers: list[str]) -> None:
        self._layers = layers

    def serialize(self) -> IHostMemory:
        """Return it as bytes."""
        return IHostMemory(json.dumps([list(GPU.compute_capability), self._layers]).encode())


class IBuilderConfig:
    """How it is to be built."""

    def __init__(self) -> None:
        self.profiling_verbosity = ProfilingVerbosity.LAYER_NAMES_ONLY
        self.default_device_type: Any = None
        self.DLA_core = -1
        self._flags = {BuilderFlag.TF32}
        self._profiles: list[IOptimizationProfile] = []
        self._features: set[int] = set()
        self._workspace_bytes = 1 << 40
        self._cache: ITimingCache | None = None

    def set_flag(self, flag: int) -> None:
        """Set one."""
        self._flags.add(BuilderFlag(flag))

    def clear_flag(self, flag: int) -> None:
        """Take one away."""
        self._flags.discard(BuilderFlag(flag))

    def set_memory_pool_limit(self, pool: int, pool_size: int) -> None:
        """Limit the memory."""
        if pool == MemoryPoolType.WORKSPACE:
            self._workspace_bytes = pool_size

    def set_preview_feature(self, feature: int, enable: bool) -> None:  # noqa: FBT001
        """Turn one on or off."""
        if enable:
            self._features.add(PreviewFeature(feature))

    def add_optimization_profile(self, profile: IOptimizationProfile) -> int:
        """Add one; return its number, or -1."""
        self._profiles.append(profile)
        return len(self._profiles) - 1

    def can_run_on_DLA(self, layer: ILayer) -> bool:  # noqa: N802  the library's own name
        """Whether an accelerator runs an operator."""
        return layer._kind in {"Conv", "Relu", "MaxPool"}

    def create_timing_cache(self, serialized_timing_cache: bytes) -> ITimingCache | None:
        """Return a cache, empty or of these bytes."""
        if not serialized_timing_cache:
            return ITimingCache([])
        try:
            capability, layers = json.loads(serialized_timing_cache)
        except ValueError:
            return None
        return ITimingCache(layers) if tuple(capability) == GPU.compute_capability else None

    def set_timing_cache(self, cache: ITimingCache, ignore_mismatch: bool) -> bool:  # noqa: FBT001
        """Use one; return whether it fits."""
        if ignore_mismatch:
            raise Misuse("timings of another device are no timings of this one")
        self._cache = cache
        return True

    def get_timing_cache(self) -> ITimingCache | None:
        """Return the one in use."""
        return self._cache


if MAJOR >= 10:
    IBuilderConfig.progress_monitor = None  # type: ignore[attr-defined]


class Builder:
    """Builds."""

    def __init__(self, logger: ILogger) -> None:
        check_factory(logger)
        self._logger = logger

    @property
    def num_DLA_cores(self) -> int:  # noqa: N802  the library's own name
        """How many accelerators."""
        return GPU.dla_cores

    def create_network(self, flags: int = 0) -> INetworkDefinition:
        """Return an empty one."""
        typed = getattr(NetworkDefinitionCreationFlag, "STRONGLY_TYPED", None)
        is_typed = MAJOR >= 11 or (typed is not None and bool(flags & 1 << typed))
        if MAJOR == 8 and not flags & 1:
            raise Misuse("a network of TensorRT 8 without an explicit batch takes no ONNX")
        return INetworkDefinition(is_typed=is_typed)

    def create_builder_config(self) -> IBuilderConfig:
        """Return one with nothing set."""
        return IBuilderConfig()

    def create_optimization_profile(self) -> IOptimizationProfile:
        """Return one without shapes."""
        return IOptimizationProfile()

    def build_serialized_network(
        self, network: INetworkDefinition, config: IBuilderConfig
    ) -> IHostMemory | None:
        """Return the plan or, having told the log why, None."""
        GPU.require_context("a build")
        graph = network._graph
        if problem := self._problem(network, config):
            self._logger.log(ILogger.ERROR, problem)
            self._logger.log(
                ILogger.ERROR, "IBuilder::buildSerializedNetwork: Error Code 2: Internal"
            )
            return None
        if not _time_kernels(graph, config):
            self._logger.log(ILogger.ERROR, "The build was cancelled by its progress monitor.")
            return None
        precisions = {node.name: _precision(network, config, word)
                      for node, word, _ in graph.convolutions}  # fmt: skip
        sharing = getattr(PreviewFeature, "PROFILE_SHARING_0806", None)
        plan = Plan(
            onnx=network._onnx,
            shape=_input_shape(graph, config) or (),
            precisions=precisions,
            is_refittable=BuilderFlag.REFIT in config._flags,
            is_detailed=config.profiling_verbosity == ProfilingVerbosity.DETAILED,
            shares_profile=MAJOR >= 10 or sharing in config._features,
        )
        return IHostMemory(bytes(plan))

    def _problem(self, network: INetworkDefinition, config: IBuilderConfig) -> str:
        """Return why it cannot be built; empty if it can."""
        graph = network._graph
        if GPU.build_problem:
            return GPU.build_problem
        if _input_shape(graph, config) is None:
            return "Network has dynamic inputs, but no optimization profile has been defined."
        if config._workspace_bytes < 64 << 20:
            return "Could not find any implementation for node {...}: insufficient workspace"
        given = {flag.name for flag in config._flags}
        if network._is_typed and given & {"FP16", "INT8"}:
            return "A strongly typed network takes no flag for a precision."
        needed = {_WEAK_FLAG[word] for _, word, _ in graph.convolutions if word in _WEAK_FLAG}
        if not network._is_typed and needed - given:
            return f"The network has tensors that need the flag {min(needed - given)}."
        return ""


def _precision(network: INetworkDefinition, config: IBuilderConfig, word: str) -> str:
    """Return what a convolution comes out in: its own type, or half where flags allow it."""
    if GPU.builds_fp32:
        return "Float"
    fp16 = getattr(BuilderFlag, "FP16", None)
    return "Half" if not network._is_typed and word == "Float" and fp16 in config._flags else word


def _input_shape(graph: Graph, config: IBuilderConfig) -> tuple[int, ...] | None:
    shape = graph.inputs[0].shape
    if -1 not in shape:
        return shape
    return config._profiles[0]._shapes.get(graph.inputs[0].name) if config._profiles else None


def _time_kernels(graph: Graph, config: IBuilderConfig) -> bool:
    """Try kernels for each convolution that was not timed before; return whether to go on."""
    monitor = getattr(config, "progress_monitor", None)
    known = config._cache._layers if config._cache else []
    layers = [node.name for node, _, _ in graph.convolutions]
    if monitor:
        monitor.phase_start(_BUILD, None, 2)
        monitor.phase_start(_TIMING, _BUILD, len(layers))
    for index, layer in enumerate(layers):
        if GPU.before_step:
            GPU.before_step(monitor, index)
        if layer not in known:
            GPU.timed.append(layer)
            known.append(layer)
        if monitor and not monitor.step_complete(_TIMING, index):
            return False
    if monitor:
        monitor.phase_finish(_TIMING)
        monitor.phase_finish(_BUILD)
    return True
