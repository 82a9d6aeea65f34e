"""What this machine can run of a bundle: pairs of a backend and a precision."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.engines.networks import tensorrt_precisions
from edgecrack.segmenters.backends import BACKENDS, leaf, problem

if TYPE_CHECKING:
    from edgecrack.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Variant:
    """One way to run a bundle.

    Attributes:
        backend: What runs the network.
        precision: What it computes in.
    """

    backend: str
    precision: str

    def __str__(self) -> str:
        return f"{self.backend} {self.precision}"


def variants(bundle: Bundle) -> tuple[Variant, ...]:
    """Return what this machine can run of a bundle; the reference, ONNX Runtime FP32, is first.

    FP32 through TensorRT is left out where there is FP16: an engine takes minutes to build.
    """
    return tuple(
        Variant(backend, precision)
        for backend in BACKENDS
        if problem(backend) is None
        for precision in _offered(backend, bundle.manifest.precisions)
        if leaf(backend).refusal(precision) is None
    )


def _offered(backend: str, precisions: tuple[str, ...]) -> list[str]:
    """Return the precisions that a backend is tried with, unless another is asked for by name."""
    if backend == "tensorrt":
        return tensorrt_precisions(precisions)
    return [each for each in precisions if not each.endswith("-trt")]


def unavailable(bundle: Bundle) -> dict[str, str]:
    """Return what this machine cannot run of a bundle, each with the reason.

    Keys are a backend that is not installed, or a backend and a precision, such as
    ``openvino bf16``.
    """
    reasons: dict[str, str] = {}
    for backend in BACKENDS:
        if missing := problem(backend):
            reasons[backend] = missing
            continue
        for precision in bundle.manifest.precisions:
            if refusal := leaf(backend).refusal(precision):
                reasons[f"{backend} {precision}"] = refusal
    return reasons
