"""Pictures sent by a pipeline of our own: over UDP, or into a folder of HLS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.gst.picture_input import PictureInput
from edgecrack.gst.runtime import Gst, launch, stop

if TYPE_CHECKING:
    from edgecrack.gst.stream_chain import Settings
    from edgecrack.records import RgbImage

_FINISH_NS = 2_000_000_000


class PipelineOutlet:
    """An ``Outlet``, once it is started.

    Args:
        description: A pipeline from an appsrc ``in`` to an element ``sink``.
        settings: Properties of the sink; those that this release does not have are left out.
        size_px: Width and height of the stream.
        is_film: The sink ends with something of its own, and asks for key pictures itself.

    Attributes:
        clients: None: who watches cannot be known.
    """

    def __init__(
        self,
        description: str,
        settings: Settings,
        size_px: tuple[int, int],
        *,
        is_film: bool = False,
    ) -> None:
        self.clients: int | None = None
        self._pipeline = launch(description)
        self._sink = self._pipeline.get_by_name("sink")
        for name, value in settings:
            if self._sink.find_property(name) is not None:
                self._sink.set_property(name, value)
        appsrc = self._pipeline.get_by_name("in")
        self._input = PictureInput(appsrc, size_px, with_keys=not is_film)
        self._is_film = is_film
        self._failure: str | None = None

    def start(self) -> None:
        """Begin.

        Raises:
            SinkError: It cannot: a port is taken, or a folder not to be written.
        """
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            reason = self.problem() or "GStreamer gave no reason"
            self.close()
            raise SinkError(reason)

    def is_watched(self) -> bool:
        """Whether somebody may be looking."""
        return True

    def push(self, picture: RgbImage) -> bool:
        """Send a picture without waiting; False where an older one was left out for it."""
        return self._input.push(picture)

    def problem(self) -> str | None:
        """Return why it stopped, as part of a sentence."""
        if self._failure is None:
            message = self._pipeline.get_bus().pop_filtered(Gst.MessageType.ERROR)
            self._failure = _reason(*message.parse_error()) if message else self._input.problem
        return self._failure

    def close(self) -> None:
        """Stop; a film is brought to its end, which may take a moment. Safe to call twice."""
        if self._is_film and self.problem() is None:
            self._is_film = False
            self._pipeline.get_by_name("in").end_of_stream()
            wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
            self._pipeline.get_bus().timed_pop_filtered(_FINISH_NS, wanted)
        stop(self._pipeline)


def _reason(error: Exception, details: str | None) -> str:
    """Return what an element says of an error: its own words, where it has some.

    They stand in the last line of the details, behind one that names the element.
    """
    lines = (details or "").splitlines()
    own = lines[-1] if len(lines) > 1 else ""
    return (own or str(getattr(error, "message", error))).strip().rstrip(".")
