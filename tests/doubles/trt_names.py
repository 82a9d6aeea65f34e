"""The names that each version of TensorRT has, as far as `edgecrack.engines` could use them.

Numbers are the real ones, so that one written into the program would mean something else in
another version. ``check_interfaces.py`` compares all of this with the real bindings.
"""

from __future__ import annotations

import enum
import os
from typing import Any

from tests.doubles.gpu import GPU

VERSION = os.environ.get("TENSORRT_DOUBLE", "10.3.0")
MAJOR = int(VERSION.partition(".")[0])


def _enumeration(name: str, **members: int | None) -> Any:
    """Return an enumeration of the members that this version has."""
    return enum.IntEnum(name, {key: value for key, value in members.items() if value is not None})


def _by_major(eight: int | None, ten: int | None, eleven: int | None) -> int | None:
    return {8: eight, 10: ten, 11: eleven}[MAJOR]


NetworkDefinitionCreationFlag = _enumeration(
    "NetworkDefinitionCreationFlag",
    EXPLICIT_BATCH=_by_major(0, 0, None),
    STRONGLY_TYPED=_by_major(None, 1, 0),
)
BuilderFlag = _enumeration(
    "BuilderFlag",
    FP16=_by_major(0, 0, None),
    INT8=_by_major(1, 1, None),
    GPU_FALLBACK=3,
    REFIT=_by_major(5, 4, 4),
    TF32=_by_major(7, 6, 6),
)
DataType = _enumeration("DataType", FLOAT=0, HALF=1, INT8=2, UINT8=5)
DeviceType = _enumeration("DeviceType", GPU=0, DLA=1)
LayerInformationFormat = _enumeration("LayerInformationFormat", ONELINE=0, JSON=1)
MemoryPoolType = _enumeration("MemoryPoolType", WORKSPACE=0)
PreviewFeature = _enumeration(
    "PreviewFeature",
    PROFILE_SHARING_0806=_by_major(2, 0, None),
    ALIASED_PLUGIN_IO_10_03=_by_major(None, 1, 0),
)
ProfilingVerbosity = _enumeration("ProfilingVerbosity", LAYER_NAMES_ONLY=0, NONE=1, DETAILED=2)
TensorIOMode = _enumeration("TensorIOMode", NONE=0, INPUT=1, OUTPUT=2)
Severity = _enumeration("Severity", INTERNAL_ERROR=0, ERROR=1, WARNING=2, INFO=3, VERBOSE=4)


class ILogger:
    """Takes what TensorRT says."""

    Severity = Severity
    INTERNAL_ERROR, ERROR, WARNING = Severity.INTERNAL_ERROR, Severity.ERROR, Severity.WARNING
    INFO, VERBOSE = Severity.INFO, Severity.VERBOSE

    def __init__(self) -> None:
        self._is_ready = True

    def log(self, severity: int, msg: str) -> None:
        """Take a message."""
        raise NotImplementedError


def check_factory(logger: ILogger) -> None:
    """Fail where a binding's factory function has no object to give."""
    if GPU.returns_nullptr:
        logger.log(
            ILogger.ERROR,
            "CUDA initialization failure with error: 35. Please check your CUDA installation.",
        )
        raise TypeError("pybind11::init(): factory function returned nullptr")


class IProgressMonitor:
    """Is told how a build goes on."""

    def __init__(self) -> None:
        self._is_ready = True

    def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
        """Take in that a phase has begun."""
        raise NotImplementedError

    def step_complete(self, phase_name: str, step: int) -> bool:
        """Take in that a step is done; return whether to go on."""
        raise NotImplementedError

    def phase_finish(self, phase_name: str) -> None:
        """Take in that a phase has ended."""
        raise NotImplementedError


class Dims:
    """Sides of a tensor."""

    def __init__(self, shape: list[int] | tuple[int, ...]) -> None:
        self._sides = tuple(int(side) for side in shape)

    def __len__(self) -> int:
        return len(self._sides)

    def __getitem__(self, index: int) -> int:
        return self._sides[index]


class IHostMemory:
    """Bytes of TensorRT's."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def __bytes__(self) -> bytes:
        return self._data

    @property
    def nbytes(self) -> int:
        """How many."""
        return len(self._data)


class ParserError:
    """Why a parser gave up."""

    def __init__(self, text: str) -> None:
        self._text = text

    def desc(self) -> str:
        """Return it."""
        return self._text
