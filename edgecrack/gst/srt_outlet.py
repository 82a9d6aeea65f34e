"""Pictures sent over SRT, to one who is called, or to all who call."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from edgecrack.errors import SinkError
from edgecrack.gst.outlet import PipelineOutlet
from edgecrack.signal_delivery import library_callback

if TYPE_CHECKING:
    from edgecrack.gst.stream_chain import Settings

_ANSWER_S = 4.0  # SRT itself gives up after 3
_ASK_EVERY_S = 0.1


class SrtOutlet(PipelineOutlet):
    """An ``Outlet``, once it is started.

    Args:
        description: A pipeline from an appsrc ``in`` to an srtsink ``sink``.
        settings: Properties of the sink; those that this release does not have are left out.
        size_px: Width and height of the stream.
        is_listener: It waits to be called, and is watched by whoever does.

    Attributes:
        clients: How often somebody called; None where it is we who call.
    """

    def __init__(
        self, description: str, settings: Settings, size_px: tuple[int, int], *, is_listener: bool
    ) -> None:
        super().__init__(description, settings, size_px)
        self._is_listener, self._callers, self._lock = is_listener, 0, threading.Lock()
        self._signals: list[int] = []
        if is_listener:
            self.clients = 0
            self._signals = [
                self._sink.connect("caller-added", self._add),
                self._sink.connect("caller-removed", self._remove),
            ]

    def start(self) -> None:
        """Listen, or call and wait for the answer.

        Raises:
            SinkError: The port is taken, or nobody answers.
        """
        super().start()
        if self._is_listener:
            return
        waited, wait = 0.0, threading.Event().wait
        while not self._sink.get_property("stats").has_field("packets-sent"):
            if waited >= _ANSWER_S or self.problem() is not None:
                self.close()
                raise SinkError(self.problem() or "nobody answers there")
            waited += _ASK_EVERY_S
            wait(_ASK_EVERY_S)

    def is_watched(self) -> bool:
        """Whether somebody called, or was called."""
        return not self._is_listener or self._callers > 0

    def close(self) -> None:
        """Stop; safe to call twice."""
        while self._signals:  # they hold this object
            self._sink.disconnect(self._signals.pop())
        super().close()

    @library_callback
    def _add(self, *_caller: Any) -> None:  # noqa: ANN401 - gi has no types
        with self._lock:
            self._callers += 1
            self.clients = (self.clients or 0) + 1

    @library_callback
    def _remove(self, *_caller: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._callers -= 1
