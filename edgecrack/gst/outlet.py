"""Pictures sent by a pipeline of our own: over UDP or SRT, or into a folder of HLS."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from edgecrack.errors import SinkError
from edgecrack.gst.picture_input import PictureInput
from edgecrack.gst.runtime import Gst, bus_error, launch, stop
from edgecrack.signal_delivery import library_callback

if TYPE_CHECKING:
    from edgecrack.gst.stream_chain import Settings
    from edgecrack.records import RgbImage

_FINISH_NS = 2_000_000_000


class PipelineOutlet:
    """An ``Outlet``.

    Attributes:
        clients: How often somebody called; None where that cannot be known.
    """

    def __init__(
        self,
        description: str,
        settings: Settings,
        size_px: tuple[int, int],
        *,
        is_called: bool = False,
        is_finished: bool = False,
    ) -> None:
        """Start it.

        Args:
            description: A pipeline from an appsrc ``in`` to an element ``sink``.
            settings: Properties of the sink; those that this release does not have are left out.
            size_px: Width and height of the stream.
            is_called: The sink waits to be called: it is watched by whoever does.
            is_finished: There is an end to be written.

        Raises:
            SinkError: It does not start: a port is taken, or nobody answers.
        """
        self._pipeline = launch(description)
        sink = self._pipeline.get_by_name("sink")
        for name, value in settings:
            if sink.find_property(name) is not None:
                if isinstance(value, str):
                    Gst.util_set_object_arg(sink, name, value)
                else:
                    sink.set_property(name, value)
        self._input = PictureInput(self._pipeline.get_by_name("in"), size_px)
        self._is_finished, self._lock = is_finished, threading.Lock()
        self._callers = 0
        self._failure: str | None = None
        self.clients: int | None = None
        if is_called:
            self.clients = 0
            sink.connect("caller-added", self._add)
            sink.connect("caller-removed", self._remove)
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            reason = bus_error(self._pipeline) or "GStreamer gave no reason"
            stop(self._pipeline)
            raise SinkError(reason)

    def is_watched(self) -> bool:
        """Whether somebody called, or that cannot be known."""
        return self.clients is None or self._callers > 0

    def push(self, picture: RgbImage) -> bool:
        """Send a picture without waiting; False where an older one was left out for it."""
        return self._input.push(picture)

    def problem(self) -> str | None:
        """Return the first error, as part of a sentence."""
        if self._failure is None:
            self._failure = bus_error(self._pipeline)
        return self._failure

    def close(self) -> None:
        """Stop; where there is an end to be written, wait for it a moment. Safe to call twice."""
        if self._is_finished and self.problem() is None:
            self._is_finished = False
            self._pipeline.get_by_name("in").end_of_stream()
            wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
            self._pipeline.get_bus().timed_pop_filtered(_FINISH_NS, wanted)
        stop(self._pipeline)

    @library_callback
    def _add(self, *_caller: Any) -> None:  # noqa: ANN401 - gi has no types
        with self._lock:
            self._callers += 1
            self.clients = (self.clients or 0) + 1

    @library_callback
    def _remove(self, *_caller: Any) -> None:  # noqa: ANN401
        with self._lock:
            self._callers -= 1
