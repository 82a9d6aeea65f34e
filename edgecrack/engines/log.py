"""What TensorRT says: it returns None or false, and tells its log why."""

from __future__ import annotations

from collections import deque

import tensorrt as trt

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
