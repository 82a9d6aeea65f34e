"""Retrained weights in an engine that is there: seconds instead of minutes.

The engine must have been built for it, and the network must be the same but for its weights.
"""

from __future__ import annotations

import tensorrt as trt

from edgecrack.engines.log import LOG, made
from edgecrack.errors import EngineError


def can_refit() -> bool:
    """Whether this TensorRT exchanges weights from an ONNX file: from version 10 on."""
    return hasattr(trt, "OnnxParserRefitter")


def refit(plan: bytes, onnx: bytes, name: str) -> bytes:
    """Return an engine with other weights; the GPU's context must be current.

    Args:
        plan: An engine that was built with the flag ``refit``.
        onnx: The network with the weights that it is to have.
        name: The network file, for errors.

    Raises:
        EngineError: TensorRT does not take them all: build the engine anew.
    """
    runtime = made(trt.Runtime, LOG)
    engine = runtime.deserialize_cuda_engine(plan)
    if engine is None:
        raise EngineError(f"an engine must be loaded to be refitted, but: {LOG.reason}.")
    refitter = made(trt.Refitter, engine, LOG)
    parser = made(trt.OnnxParserRefitter, refitter, LOG)
    if not parser.refit_from_bytes(onnx):
        reasons = [str(parser.get_error(index).desc()) for index in range(parser.num_errors)]
        raise EngineError(
            f"the weights of {name} must fit the engine, but: "
            f"{' '.join(reasons[:1]) or LOG.reason}; it is built anew."
        )
    missing = refitter.get_missing_weights()
    if missing or not refitter.refit_cuda_engine():
        lacking = f"{len(missing)} weights are missing, {missing[0]} first" if missing else ""
        raise EngineError(
            f"the weights of {name} must all be exchanged, but: {lacking or LOG.reason}; it is "
            "built anew."
        )
    return bytes(engine.serialize())
