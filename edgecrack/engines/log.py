"""What TensorRT says: it returns None or false, or makes nothing, and tells its log why."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import tensorrt as trt

from edgecrack.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable

_Given = ParamSpec("_Given")
_Made = TypeVar("_Made")

_KEPT = 8


class EngineLog(trt.ILogger):
    """Keeps the last errors, and the last warnings, until they are asked for."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self._errors: deque[str] = deque(maxlen=_KEPT)
        self._warnings: deque[str] = deque(maxlen=_KEPT)

    def log(self, severity: trt.ILogger.Severity, msg: str) -> None:
        """Take in a message. TensorRT may call this from any thread."""
        if severity in {trt.ILogger.INTERNAL_ERROR, trt.ILogger.ERROR}:
            self._errors.append(msg)
        elif severity == trt.ILogger.WARNING:
            self._warnings.append(msg)

    def forget(self) -> None:
        """Begin anew, before something is asked of TensorRT."""
        self._errors.clear()
        self._warnings.clear()

    @property
    def reason(self) -> str:
        """The first error since `forget`, else the last warning: what follows comes from it."""
        said = [*list(self._errors)[:1], *reversed(self._warnings)]
        return " ".join(said[0].split()).rstrip(".") if said else "it gave no reason"


LOG = EngineLog()
"""The one log of this process: TensorRT uses the first that it was given for everything."""


def made(kind: Callable[_Given, _Made], *given: _Given.args, **named: _Given.kwargs) -> _Made:
    """Return an object of TensorRT's; the log forgets what was said before.

    Args:
        kind: Its class.
        given: What it is made of, with the log.
        named: The same, by name.

    Raises:
        EngineError: TensorRT does not make it: above all where it cannot initialise CUDA.
    """
    LOG.forget()
    try:
        return kind(*given, **named)
    except TypeError as error:  # the binding says "factory function returned nullptr"
        name = getattr(kind, "__name__", "object")
        raise EngineError(
            f"TensorRT {trt.__version__} must make its {name}, but: {LOG.reason}; run 'edgecrack "
            "doctor'."
        ) from error
