"""How large the answers of a network's layers become, against the largest that FP16 can hold.

The other operators pick, gather or bound what layers have made, and the edges hold 0..255.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import onnx
from onnx import TensorProto, helper

# As in edgecrack.segmenters.ort: set before the library is imported.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import onnxruntime

from edgecrack.errors import NotHealthyError
from edgecrack.manifest import MetricEntry
from export.halving import LARGEST, LAYERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.records import RgbImage

ROOM = 8
"""How many times below FP16's largest number activations must stay: a layer adds up products that
are larger than their sum, and a road may be brighter than all that were looked at."""


@dataclass(frozen=True, slots=True)
class Magnitude:
    """The largest answer of a layer, by magnitude.

    Attributes:
        value: That magnitude, 0 or more; infinite where it is no number.
        tensor: Which layer's output it was.
        frames: Over how many frames.
        size_px: Width and height of the frames.
    """

    value: float
    tensor: str
    frames: int
    size_px: tuple[int, int]

    @property
    def text(self) -> str:
        """What a person reads of it."""
        width_px, height_px = self.size_px
        return (
            f"activations reach {self.value:.1f} ({self.tensor}) of FP16's {LARGEST:g}, over "
            f"{self.frames} validation pictures and golden frames at {width_px}x{height_px}"
        )

    @property
    def entry(self) -> MetricEntry:
        """What a manifest holds of it."""
        share = round(self.value / LARGEST, 6)
        return MetricEntry("share of FP16's range that is used", share, self.text, "fp16")


def largest_activation(model: bytes, frames: Sequence[RgbImage]) -> Magnitude:
    """Run an FP32 network on frames, and return the largest magnitude of what its layers answer.

    Args:
        model: ONNX, as made by ``to_onnx``: in FP32 nothing overflows unseen.
        frames: uint8 (H, W, 3) of one size; at least one.
    """
    names, watched = _watched(onnx.load_from_string(model))
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(watched, options, providers=["CPUExecutionProvider"])
    largest = np.zeros(len(names))
    for frame in frames:
        found = np.array(session.run([f"{name}:most" for name in names], {"frame": frame[None]}))
        largest = np.maximum(largest, np.where(np.isfinite(found), found, np.inf))
    where = int(largest.argmax())
    height_px, width_px, _ = frames[0].shape
    return Magnitude(float(largest[where]), names[where], len(frames), (width_px, height_px))


def _watched(model: onnx.ModelProto) -> tuple[list[str], bytes]:
    """Return the outputs of all layers, and the graph with the largest magnitude of each."""
    names = [node.output[0] for node in model.graph.node if node.op_type in LAYERS]
    for name in names:
        model.graph.node.append(helper.make_node("Abs", [name], [f"{name}:size"]))
        most = helper.make_node("ReduceMax", [f"{name}:size"], [f"{name}:most"], keepdims=0)
        model.graph.node.append(most)
        output = helper.make_tensor_value_info(f"{name}:most", TensorProto.FLOAT, [])
        model.graph.output.append(output)
    return names, bytes(model.SerializeToString())


def require_room(magnitude: Magnitude) -> None:
    """Refuse a network whose numbers come near the end of FP16.

    Raises:
        NotHealthyError: They come nearer than an eighth of it, or beyond.
    """
    if not magnitude.value * ROOM <= LARGEST:
        raise NotHealthyError(
            f"activations of an FP16 network must stay below {LARGEST / ROOM:g}, an eighth of its "
            f"range, but reach {magnitude.value:g} at {magnitude.tensor}; train with batch "
            "normalisation or weight decay, or leave fp16 out with --precision. Nothing was "
            "written."
        )
