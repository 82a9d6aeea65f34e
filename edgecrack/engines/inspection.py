"""What an engine computes in, from what TensorRT's inspector says of its layers.

An engine may come out in another precision than was asked for, without an error: so what was built
is read back, convolution by convolution. The inspector's names differ by version: a convolution is
a ``CaskConvolution`` or, where the compiler fused it, a ``correlation``; half precision is ``Half``
or ``FP16``, alone or at the head of a longer text.
"""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

from edgecrack.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_CONVOLUTIONS = ("Convolution", "Deconvolution")  # as ParameterType
_FUSED = ("conv", "correlation")  # within LayerType
# Word of the inspector -> precision. The longer words come first: "BF16" holds "F16".
_WORDS = {
    "bfloat16": "bf16", "bf16": "bf16", "half": "fp16", "fp16": "fp16", "float16": "fp16",
    "tf32": "tf32", "float": "fp32", "fp32": "fp32", "int8": "int8", "fp8": "fp8", "int4": "int4",
}  # fmt: skip
_COMPUTED = frozenset({"bf16", "fp16", "fp32", "fp8", "int4", "int8", "tf32"})
UNKNOWN = "unknown"


def convolution_precisions(layers: str) -> dict[str, int]:
    """Return the precisions that the convolutions of an engine compute in, each with their number.

    Where the compiler has fused all of them into layers without a name, it is the precisions of
    what passes between layers that are counted.

    Args:
        layers: The inspector's JSON for the whole engine, built with detailed verbosity.

    Raises:
        EngineError: It is no such JSON, or shows nothing that computes.

    Example:
        >>> convolution_precisions('''{"Layers": [
        ...     {"Name": "cast", "LayerType": "Reformat", "ParameterType": "Reformat"},
        ...     {"Name": "a", "LayerType": "CaskConvolution", "Weights": {"Type": "Half"}},
        ...     {"Name": "b", "LayerType": "correlation", "Inputs": [{"Format/Datatype": "Half"}]}
        ... ]}''')
        {'fp16': 2}
    """
    found = Counter(map(_precision, filter(_is_convolution, _layers(layers))))
    found = found or Counter(_between(layers))
    if not found:
        raise EngineError(
            "TensorRT's inspector must show what an engine computes in, but shows no convolution; "
            "build it with detailed profiling, or report what 'edgecrack engine inspect' prints."
        )
    return dict(sorted(found.items()))


def inspected_precision(convolutions: Mapping[str, int]) -> str:
    """Return the one word for what an engine computes in: that of most of its convolutions.

    Example:
        >>> inspected_precision({"fp16": 1, "int8": 18})
        'int8'
    """
    return max(sorted(convolutions), key=lambda precision: convolutions[precision])


def require_precision(asked: str, convolutions: Mapping[str, int], name: str) -> str:
    """Return what an engine computes in if it is what was asked for.

    Every convolution must be of that precision; of ``int8-trt`` most of them, for the last one is
    left as it was on purpose.

    Args:
        asked: Precision as in a manifest.
        convolutions: Precision -> number of convolutions.
        name: The engine, for the error.

    Raises:
        EngineError: It is not: the engine would be slower, or less exact, than it says.
    """
    wanted, inspected = asked.removesuffix("-trt"), inspected_precision(convolutions)
    others = sum(convolutions.values()) - convolutions.get(wanted, 0)
    if inspected == wanted and (others == 0 or wanted == "int8"):
        return inspected
    counts = ", ".join(f"{count} in {precision}" for precision, count in convolutions.items())
    raise EngineError(
        f"{name} must compute its convolutions in {wanted}, but TensorRT built {counts}; export "
        "the bundle again with this precision in the graph, or use another --precision."
    )


def _layers(text: str) -> list[dict[str, Any]]:
    try:
        layers = list(json.loads(text)["Layers"])
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise EngineError(
            f"TensorRT's inspector must give JSON with Layers, but: {error!r:.80}; report it."
        ) from error
    # Below detailed verbosity a layer is its name alone.
    return [layer for layer in layers if isinstance(layer, dict)]


def _is_convolution(layer: dict[str, Any]) -> bool:
    kind = str(layer.get("LayerType", "")).lower()
    is_fused = any(word in kind for word in _FUSED)
    return layer.get("ParameterType") in _CONVOLUTIONS or is_fused


def _precision(layer: dict[str, Any]) -> str:
    """Return what a convolution computes in: its weights' type or, fused, its inputs'."""
    weights = layer.get("Weights")
    if isinstance(weights, dict) and "Type" in weights:
        return _word(str(weights["Type"]))
    found = [precision for precision in _tensors(layer, "Inputs") if precision in _COMPUTED]
    return found[0] if found else UNKNOWN


def _between(text: str) -> Iterator[str]:
    """Yield what each layer gives, but for the casts, which are FP32 at the ends of any engine."""
    for layer in _layers(text):
        if layer.get("LayerType") == "Reformat":
            continue
        yield from (each for each in _tensors(layer, "Outputs") if each in _COMPUTED)


def _tensors(layer: dict[str, Any], side: str) -> Iterator[str]:
    for tensor in layer.get(side, ()):
        if isinstance(tensor, dict):
            yield _word(str(tensor.get("Format/Datatype", "")))


def _word(text: str) -> str:
    lower = text.lower()
    return next((precision for word, precision in _WORDS.items() if word in lower), UNKNOWN)
