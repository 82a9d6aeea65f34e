"""Which networks of a bundle TensorRT runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.manifest import Manifest, ModelEntry

_OF_PROCESSORS = frozenset({"bf16", "int8"})


def tensorrt_precisions(precisions: Sequence[str]) -> list[str]:
    """Return the precisions that TensorRT is tried with, unless another is asked for by name.

    FP32 is left out where there is FP16: an engine takes minutes to build.

    Example:
        >>> tensorrt_precisions(("fp32", "bf16", "fp16", "int8", "int8-trt"))
        ['fp16', 'int8-trt']
        >>> tensorrt_precisions(("fp32", "int8"))
        ['fp32']
    """
    left_out = _OF_PROCESSORS | ({"fp32"} if "fp16" in precisions else set())
    return [precision for precision in precisions if precision not in left_out]


def tensorrt_networks(manifest: Manifest) -> list[ModelEntry]:
    """Return the networks that TensorRT is tried with, of every size; the default size first."""
    wanted = tensorrt_precisions(manifest.precisions)
    return [entry for entry in manifest.models if entry.precision in wanted]
