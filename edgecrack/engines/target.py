"""What engines of this machine run on."""

from __future__ import annotations

import tensorrt as trt

from edgecrack.device import describe_device
from edgecrack.engines.fingerprint import Target
from edgecrack.engines.gpu import first_gpu
from edgecrack.engines.l4t import l4t_version


def current_target() -> Target:
    """Return what an engine that is built here would fit.

    Raises:
        EngineError: There is no GPU.
    """
    gpu = first_gpu()
    return Target(
        tensorrt=tensorrt_version(),
        compute_capability=gpu.compute_capability,
        device=gpu.name,
        multiprocessors=gpu.multiprocessors,
        board=describe_device().board or "",
        l4t=l4t_version(),
    )


def tensorrt_version() -> str:
    """Return the version of TensorRT."""
    return str(trt.__version__)
