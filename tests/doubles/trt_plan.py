"""The bytes of a plan of the double: what it was built from and for, guarded by a digest."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from tests.doubles.gpu import GPU
from tests.doubles.trt_names import VERSION

if TYPE_CHECKING:
    from tests.doubles.trt_names import ILogger

_MAGIC = b"DOUBLE PLAN "


@dataclass
class Plan:
    """An engine as it is written to a file.

    Attributes:
        onnx: The network with its weights.
        shape: Of the input, nothing open.
        precisions: Name of each convolution -> what it computes in, in TensorRT's word.
        is_refittable: Whether weights can be exchanged.
        is_detailed: Whether the inspector may see more than names.
        shares_profile: Whether several contexts may use its one profile.
        tensorrt: Version that built it.
        compute_capability: Of the GPU that built it.
    """

    onnx: bytes
    shape: tuple[int, ...]
    precisions: dict[str, str]
    is_refittable: bool
    is_detailed: bool
    shares_profile: bool
    tensorrt: str = VERSION
    compute_capability: tuple[int, ...] = GPU.compute_capability

    def __bytes__(self) -> bytes:
        head = {key: value for key, value in asdict(self).items() if key != "onnx"}
        body = json.dumps(head).encode() + b"\n" + self.onnx
        return _MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def read_plan(data: bytes, logger: ILogger) -> Plan | None:
    """Return the plan in some bytes or, having told the log why, None."""
    GPU.deserialised += 1
    if GPU.load_problem:
        logger.log(logger.ERROR, GPU.load_problem)
        return None
    head, _, body = bytes(data).partition(b"\n")
    if head != _MAGIC + hashlib.sha256(body).hexdigest().encode():
        logger.log(logger.ERROR, "IRuntime::deserializeCudaEngine: Error Code 1: Serialization "
                   "(Serialization assertion magicTagRead == kMAGIC_TAG failed.)")  # fmt: skip
        return None
    line, _, onnx = body.partition(b"\n")
    values = json.loads(line)
    shape, capability = tuple(values.pop("shape")), tuple(values.pop("compute_capability"))
    plan = Plan(onnx=onnx, shape=shape, compute_capability=capability, **values)
    if plan.tensorrt != VERSION:
        logger.log(logger.ERROR, "IRuntime::deserializeCudaEngine: Error Code 1: Serialization "
                   "(Version tag does not match. Note: Current Version: 239, Serialized Engine "
                   "Version: 237)")  # fmt: skip
        return None
    if plan.compute_capability != GPU.compute_capability:
        logger.log(logger.ERROR, "The engine plan file is generated on an incompatible device")
        return None
    return plan
