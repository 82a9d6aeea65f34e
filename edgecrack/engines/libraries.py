"""What there is of TensorRT, pycuda and a GPU here, and whether it fits together.

This imports nothing of them until it is asked, and is the way for whoever only wants to know.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from edgecrack.errors import EngineError
from edgecrack.installation import to_install, to_link, to_rebuild_pycuda

if TYPE_CHECKING:
    from types import ModuleType

OLDEST, NEWEST = (8, 6), 11
"""Versions of TensorRT that engines are built for: 8.6 to the last of 11."""

_VERSION = re.compile(r"(\d+)\.(\d+)\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Libraries:
    """What there is; None where something is not.

    Attributes:
        tensorrt: Version of TensorRT.
        pycuda: Version of pycuda.
        cuda_pycuda: Version of CUDA that pycuda was built with.
        cuda_driver: Version of CUDA that the driver has.
        device: Name of the GPU.
        compute_capability: Its generation.
        dla_cores: Deep-learning accelerators that TensorRT can use.
        problems: Why engines cannot be used, one sentence each; empty if they can.
    """

    tensorrt: str | None = None
    pycuda: str | None = None
    cuda_pycuda: str | None = None
    cuda_driver: str | None = None
    device: str | None = None
    compute_capability: str | None = None
    dla_cores: int | None = None
    problems: tuple[str, ...] = ()


def describe_libraries() -> Libraries:
    """Return what there is, and why it does not fit together if it does not."""
    found = _found()
    if found.problems:
        return found
    try:
        return replace(found, dla_cores=import_module("edgecrack.engines.builder").dla_cores())
    except EngineError as error:
        return replace(found, problems=(str(error),))


def require_libraries() -> None:
    """Refuse to go on where engines cannot be used.

    Raises:
        EngineError: A library or the GPU is missing; the message says how to get it.
    """
    if problem := library_problem():
        raise EngineError(problem)


def library_problem() -> str | None:
    """Return why engines cannot be used here, or None; TensorRT makes nothing for that."""
    return next(iter(_found().problems), None)


def _found() -> Libraries:
    """Return what there is but for what only TensorRT's builder knows: that takes memory."""
    problems: list[str] = []
    tensorrt, pycuda = _imported("tensorrt", problems), _imported("pycuda", problems)
    found = {
        "tensorrt": None if tensorrt is None else str(tensorrt.__version__),
        "pycuda": None if pycuda is None else str(getattr(pycuda, "VERSION_TEXT", "unknown")),
    }
    if found["tensorrt"] and not _is_known(found["tensorrt"]):
        problems.append(
            f"TensorRT must be {OLDEST[0]}.{OLDEST[1]} to {NEWEST}, but is {found['tensorrt']}; "
            "use another backend."
        )
    device: dict[str, str] = {}
    if not problems:
        try:
            device = _device(problems)
        except (EngineError, ImportError) as error:
            problems.append(f"{str(error).rstrip('.')}.")
    return Libraries(**found, **device, dla_cores=None, problems=tuple(problems))


def refuse_leftover(name: str) -> None:
    """Refuse a folder of a library's name that holds no library: Python imports that as well.

    Raises:
        ImportError: It is such a folder.
    """
    spec = find_spec(name)
    if spec is not None and spec.origin is None:
        folders = ", ".join(spec.submodule_search_locations or ())
        raise ImportError(f"there is only a folder without it: {folders}")


def _imported(name: str, problems: list[str]) -> ModuleType | None:
    try:
        refuse_leftover(name)
        return import_module(name)
    except ImportError as error:
        problems.append(f"{name} cannot be loaded here ({error}); {_cure(name)}.")
        return None


def _cure(name: str) -> str:
    if name == "tensorrt":
        return f"on a Jetson install python3-libnvinfer with apt, then run {to_link()}"
    return to_install("tensorrt")


def _is_known(version: str) -> bool:
    found = _VERSION.match(version)
    return found is not None and OLDEST <= (int(found[1]), int(found[2])) < (NEWEST + 1, 0)


def _device(problems: list[str]) -> dict[str, str]:
    """Return what the GPU says; a pycuda that is newer than the driver is a problem."""
    gpu = import_module("edgecrack.engines.gpu").first_gpu()
    if _numbers(gpu.pycuda)[0] > _numbers(gpu.driver)[0]:
        problems.append(
            f"pycuda must be built for the driver's CUDA {gpu.driver}, but is for {gpu.pycuda}; "
            f"{to_rebuild_pycuda()}."
        )
    return {
        "cuda_pycuda": gpu.pycuda,
        "cuda_driver": gpu.driver,
        "device": gpu.name,
        "compute_capability": gpu.compute_capability,
    }


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))
