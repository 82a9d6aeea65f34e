"""FP32 to INT8, after training: static scales from real frames, one file for each kind of target.

Both hold QuantizeLinear and DequantizeLinear pairs around the convolutions, with a scale for each
channel of the weights. Processors want unsigned activations with a zero point; TensorRT takes
signed ones around zero only, and no quantised bias. In both, the conversion of the picture and the
head stay as they were: a probability in steps of 1/255 is no place to lose digits.
"""

from __future__ import annotations

import logging
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx

# As in edgecrack.segmenters.ort: set before the library is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

from onnxruntime.quantization import (
    CalibrationDataReader,
    QuantFormat,
    QuantType,
    quantize_static,
)
from onnxruntime.quantization.shape_inference import quant_pre_process

from export.to_onnx import check_graph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.records import RgbImage

_QUANTISED = ("Conv", "ConvTranspose", "Concat", "MaxPool", "Relu")
_OPTIONS: dict[str, dict[str, Any]] = {
    "int8": {"activation_type": QuantType.QUInt8, "extra_options": {}},
    "int8-trt": {
        "activation_type": QuantType.QInt8,
        "extra_options": {
            "ActivationSymmetric": True,
            "WeightSymmetric": True,
            "QuantizeBias": False,
        },
    },
}


def quantised(model: bytes, precision: str, frames: Sequence[RgbImage]) -> bytes:
    """Return the INT8 file of an FP32 one.

    Args:
        model: ONNX, as made by ``to_onnx``.
        precision: ``int8`` for processors or ``int8-trt`` for TensorRT.
        frames: Pictures of the kind that it will see, uint8 (H, W, 3) RGB, as a run shows them to
            the network; a few dozen.
    """
    with tempfile.TemporaryDirectory() as folder:
        whole, prepared, made = (Path(folder) / f"{name}.onnx" for name in ("whole", "pre", "int8"))
        whole.write_bytes(model)
        level = logging.root.manager.disable
        logging.disable(logging.WARNING)  # it would advise what is done here
        try:
            quant_pre_process(str(whole), str(prepared), skip_symbolic_shape=True)
            quantize_static(
                str(prepared),
                str(made),
                _Frames(frames),
                quant_format=QuantFormat.QDQ,
                per_channel=True,
                weight_type=QuantType.QInt8,
                nodes_to_exclude=_left_alone(onnx.load(str(prepared)).graph),
                op_types_to_quantize=list(_QUANTISED),
                **_OPTIONS[precision],
            )
        finally:
            logging.disable(level)
        quantised_model = onnx.load(str(made))
    _forget_tools(quantised_model)
    if precision == "int8-trt":
        check_graph(quantised_model)
    onnx.checker.check_model(quantised_model, full_check=True)
    return bytes(quantised_model.SerializeToString())


class _Frames(CalibrationDataReader):  # type: ignore[misc]  # the library has no types
    """Hands out frames one by one, as the network takes them."""

    def __init__(self, frames: Sequence[RgbImage]) -> None:
        self._frames = iter(frames)

    def get_next(self) -> dict[str, RgbImage] | None:
        """Return the next frame, or None after the last."""
        frame = next(self._frames, None)
        return None if frame is None else {"frame": frame[np.newaxis]}


def _left_alone(graph: onnx.GraphProto) -> list[str]:
    """Return the names of the nodes that stay FP32: the heads, and all that is no layer."""
    makers = {name: node for node in graph.node for name in node.output}
    heads = []
    for output in graph.output:
        node = makers[output.name]
        while node.op_type != "Conv":
            node = makers[node.input[0]]
        heads.append(node.name)
    return heads + [node.name for node in graph.node if node.op_type not in _QUANTISED]


def _forget_tools(model: onnx.ModelProto) -> None:
    """Drop the operator sets that the tools declare and the graph does not use."""
    used = {node.domain for node in model.graph.node}
    kept = [opset for opset in model.opset_import if opset.domain in used]
    del model.opset_import[:]
    model.opset_import.extend(kept)
    del model.metadata_props[:]
    del model.graph.value_info[:]
    model.producer_name, model.producer_version = "edgecrack", ""
