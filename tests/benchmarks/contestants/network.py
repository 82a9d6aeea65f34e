"""The network, by the shortest way each library has: its defaults, so all cores on one picture."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy as np
    from numpy.typing import NDArray

    from tests.benchmarks.contestants.job import Job

    Planes = dict[str, NDArray[np.uint8]]
    Answer = Callable[[NDArray[np.uint8]], Planes]


def load(job: Job) -> tuple[Answer, str]:
    """Return what answers an RGB picture (H, W, 3) with planes (H, W), and what it runs on."""
    return {"onnxruntime": _onnx_runtime, "openvino": _openvino}[job.backend](job)


def _onnx_runtime(job: Job) -> tuple[Answer, str]:
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    import onnxruntime  # noqa: PLC0415  a peer's library is loaded by that peer alone

    options = onnxruntime.SessionOptions()
    options.add_free_dimension_override_by_name("width", job.input_px[0])
    options.add_free_dimension_override_by_name("height", job.input_px[1])
    session = onnxruntime.InferenceSession(job.network, options, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]

    def answer(picture: NDArray[np.uint8]) -> Planes:
        planes = session.run(names, {"frame": picture[None]})
        return {name: plane[0] for name, plane in zip(names, planes, strict=True)}

    return answer, f"ONNX Runtime {onnxruntime.__version__}"


def _openvino(job: Job) -> tuple[Answer, str]:
    sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # it reports on its own
    import openvino  # noqa: PLC0415  a peer's library is loaded by that peer alone

    core = openvino.Core()
    model = core.read_model(job.network)
    model.reshape({"frame": [1, job.input_px[1], job.input_px[0], 3]})
    arithmetic = {"fp32": "f32", "bf16": "bf16"}[job.precision]
    compiled = core.compile_model(model, "CPU", {"INFERENCE_PRECISION_HINT": arithmetic})
    names = [output.get_any_name() for output in compiled.outputs]

    def answer(picture: NDArray[np.uint8]) -> Planes:
        planes = compiled(picture[None])
        return {name: planes[name][0] for name in names}

    return answer, f"OpenVINO {openvino.__version__.partition('-')[0]}"
