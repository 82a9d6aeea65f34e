"""An ONNX network becomes a TensorRT engine: minutes of trying kernels on the device itself.

One path for TensorRT 10.3 to 11: what is computed in which precision stands in the network, which
is strongly typed. TensorRT 8.6 knows flags instead, and so does a deep-learning accelerator up to
TensorRT 10. Flags and enumerations are asked for by name, never by number: TensorRT 11 renumbered
them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import tensorrt as trt

from edgecrack.engines.gpu import first_gpu
from edgecrack.engines.log import LOG, made
from edgecrack.errors import EngineError

if TYPE_CHECKING:
    from edgecrack.engines.monitor import IsCancelled, OnShare
    from edgecrack.engines.options import BuildOptions

INPUT = "frame"
_MIB = 1 << 20

Shape = tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOrder:
    """What is to be built.

    Attributes:
        name: The network file, for errors.
        onnx: Its bytes.
        precision: What it computes in, as in a manifest.
        shape: Of the input: 1, height, width, 3. The network may leave height and width open.
        options: How.
        timings: What was timed before on this target; empty if nothing was.
    """

    name: str
    onnx: bytes
    precision: str
    shape: tuple[int, int, int, int]
    options: BuildOptions
    timings: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Build:
    """What came of it.

    Attributes:
        plan: The engine; empty if the build was cancelled before it was done.
        timings: What was timed by now.
        dla_fallback: Layers that the deep-learning accelerator cannot run, and the GPU does.
        is_interrupted: Whether Ctrl-C came before its end.
    """

    plan: bytes
    timings: bytes
    dla_fallback: tuple[str, ...]
    is_interrupted: bool = False


def build(order: BuildOrder, on_share: OnShare, is_cancelled: IsCancelled) -> Build:
    """Build an engine; the GPU's context must be current.

    Args:
        order: What to build.
        on_share: Told how much is done, 0 to 1, from threads of TensorRT's. TensorRT 8.6 tells
            nothing.
        is_cancelled: Asked now and then, from the same threads, whether to give up. TensorRT 8.6
            asks nothing, and builds to the end.

    Raises:
        EngineError: TensorRT cannot read the network or build it here.
    """
    builder = made(trt.Builder, LOG)
    flags = _precision_flags(order)
    network = builder.create_network(_creation_flags(is_typed=flags is None))
    parser = made(trt.OnnxParser, network, LOG)
    if not parser.parse(order.onnx):
        reasons = [str(parser.get_error(index).desc()) for index in range(parser.num_errors)]
        raise EngineError(
            f"{order.name} must be a network that TensorRT {trt.__version__} can read, but: "
            f"{' '.join(reasons[:1]) or LOG.reason}; export it with edgecrack-export."
        )
    config = _config(builder, network, order)
    for flag in flags or ():
        config.set_flag(flag)
    fallback = _use_dla(builder, network, config, order.options.dla_core)
    if hasattr(trt, "IProgressMonitor"):  # TensorRT 8.6 has none
        from edgecrack.engines.monitor import watch  # noqa: PLC0415

        watch(config, on_share, is_cancelled)
    plan = builder.build_serialized_network(network, config)
    if plan is None and not is_cancelled():
        raise EngineError(
            f"TensorRT {trt.__version__} must build {order.name} in {order.precision}, but: "
            f"{LOG.reason}; close other programs, or give it other memory with --workspace."
        )
    built = b"" if plan is None else bytes(plan)
    return Build(plan=built, timings=_timings(config), dla_fallback=fallback)


def _precision_flags(order: BuildOrder) -> list[trt.BuilderFlag] | None:
    """Return the flags that allow a precision, or None where the network's own types are kept."""
    has_types = hasattr(trt.NetworkDefinitionCreationFlag, "STRONGLY_TYPED")
    has_flags = hasattr(trt.BuilderFlag, "FP16")
    on_dla = order.options.dla_core is not None
    if has_types and not (on_dla and has_flags):
        return None
    named = {"fp16": ("FP16",), "int8-trt": ("FP16", "INT8")}.get(order.precision, ())
    return [getattr(trt.BuilderFlag, name) for name in named]


def _creation_flags(*, is_typed: bool) -> int:
    flags = trt.NetworkDefinitionCreationFlag
    if is_typed and hasattr(flags, "STRONGLY_TYPED"):
        return 1 << int(flags.STRONGLY_TYPED)
    if hasattr(flags, "EXPLICIT_BATCH"):  # the only kind from TensorRT 10 on
        return 1 << int(flags.EXPLICIT_BATCH)
    return 0


def _config(
    builder: trt.Builder, network: trt.INetworkDefinition, order: BuildOrder
) -> trt.IBuilderConfig:
    config = builder.create_builder_config()
    config.profiling_verbosity = trt.ProfilingVerbosity.DETAILED  # else none can be inspected
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, order.options.workspace_mib * _MIB)
    config.clear_flag(trt.BuilderFlag.TF32)  # FP32 is to be FP32
    if order.options.refit:
        config.set_flag(trt.BuilderFlag.REFIT)
    if hasattr(trt.PreviewFeature, "PROFILE_SHARING_0806"):  # several pictures at the same time
        config.set_preview_feature(trt.PreviewFeature.PROFILE_SHARING_0806, True)  # noqa: FBT003
    _add_profile(builder, network, config, order)
    _give_timings(config, order.timings)
    return config


def _add_profile(
    builder: trt.Builder,
    network: trt.INetworkDefinition,
    config: trt.IBuilderConfig,
    order: BuildOrder,
) -> None:
    """Fix the height and width that the network leaves open: an engine has one size."""
    inputs = [network.get_input(index) for index in range(network.num_inputs)]
    shapes = [sides_of(each.shape) for each in inputs]
    if [each.name for each in inputs] != [INPUT] or not may_be(shapes[0], order.shape):
        found = [(each.name, shape) for each, shape in zip(inputs, shapes, strict=True)]
        raise EngineError(
            f"{order.name} must take {INPUT} {order.shape}, but takes {found}; export it with "
            "edgecrack-export."
        )
    if -1 in shapes[0]:
        profile = builder.create_optimization_profile()
        sides = trt.Dims(list(order.shape))
        profile.set_shape(INPUT, sides, sides, sides)
        if config.add_optimization_profile(profile) < 0:
            raise EngineError(f"{order.name} must allow the size {order.shape}, but: {LOG.reason}.")


def _give_timings(config: trt.IBuilderConfig, timings: bytes) -> None:
    """Have TensorRT go on from what it timed before; what it does not take, it times anew."""
    cache = config.create_timing_cache(timings)
    if cache is not None and config.set_timing_cache(cache, ignore_mismatch=False):
        return
    if not config.set_timing_cache(config.create_timing_cache(b""), ignore_mismatch=False):
        raise EngineError(f"TensorRT must keep its timings, but: {LOG.reason}.")
    LOG.forget()


def _timings(config: trt.IBuilderConfig) -> bytes:
    cache = config.get_timing_cache()
    return b"" if cache is None else bytes(cache.serialize())


def _use_dla(
    builder: trt.Builder,
    network: trt.INetworkDefinition,
    config: trt.IBuilderConfig,
    core: int | None,
) -> tuple[str, ...]:
    """Have a deep-learning accelerator run what it can; return the layers that it cannot."""
    if core is None:
        return ()
    if core >= builder.num_DLA_cores:
        raise EngineError(
            f"deep-learning accelerator {core} must be there, but this device has "
            f"{builder.num_DLA_cores} that TensorRT {trt.__version__} can use; leave out --dla."
        )
    config.default_device_type = trt.DeviceType.DLA
    config.DLA_core = core
    config.set_flag(trt.BuilderFlag.GPU_FALLBACK)
    layers = (network.get_layer(index) for index in range(network.num_layers))
    return tuple(layer.name for layer in layers if not config.can_run_on_DLA(layer))


def dla_cores() -> int:
    """Return how many deep-learning accelerators TensorRT can use here.

    Raises:
        EngineError: There is no GPU, or TensorRT cannot use it.
    """
    with first_gpu().current():
        return int(made(trt.Builder, LOG).num_DLA_cores)


def sides_of(shape: trt.Dims) -> Shape:
    """Return the sides of a shape; -1 is open."""
    return tuple(shape[index] for index in range(len(shape)))


def may_be(shape: Shape, wanted: Shape) -> bool:
    """Whether a shape, in which -1 is open, allows the one that is wanted."""
    return len(shape) == len(wanted) and all(
        side in (-1, other) for side, other in zip(shape, wanted, strict=True)
    )
