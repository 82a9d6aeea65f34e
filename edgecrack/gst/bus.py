"""What a running pipeline says: why it stopped, and when its file was made."""

from __future__ import annotations

from typing import Any

from edgecrack.gst.decoders import is_decoder
from edgecrack.gst.runtime import Gst
from edgecrack.installation import to_set_up

_YEAR_2000_S = 946_684_800  # a date before it means a camera whose clock was never set


class Bus:
    """Listen to a pipeline's bus, and keep what matters.

    Attributes:
        problem: The first error as part of a sentence, or None.
        is_about_decoding: Whether that error is a decoder's, or about the stream as it is coded;
            not about the way that it comes.
        made_ns: UTC of the container's date-time tag, or None.
    """

    def __init__(self, pipeline: Any) -> None:  # noqa: ANN401 - gi has no types
        self._bus = pipeline.get_bus()
        self._undecoded: set[str] = set()
        self.problem: str | None = None
        self.is_about_decoding = False
        self.made_ns: int | None = None

    def listen(self) -> str | None:
        """Take in what was said since the last call; return the first error so far."""
        while (message := self._bus.pop()) is not None:
            if message.type == Gst.MessageType.ERROR and self.problem is None:
                self.problem = self._explain(message)
                self.is_about_decoding = _is_about_decoding(message)
            elif message.type == Gst.MessageType.TAG:
                self._note(message.parse_tag())
            elif message.type == Gst.MessageType.ELEMENT:
                self._note_missing(message.get_structure())
        return self.problem

    def _explain(self, message: Any) -> str:  # noqa: ANN401
        error, details = message.parse_error()[0], message.parse_error_details()
        if error.matches(Gst.CoreError.quark(), Gst.CoreError.MISSING_PLUGIN):
            if not self._undecoded:
                return "it has no video track"
            return f"no decoder for {', '.join(self._undecoded)} is installed: run {to_set_up()}"
        if details is not None and details.has_field("http-status-code"):
            status = details.get_value("http-status-code")
            return f"the server answers {status} ({str(error.message).rstrip('.')})"
        return str(error.message).rstrip(".")

    def _note(self, tags: Any) -> None:  # noqa: ANN401
        is_known, date = tags.get_date_time(Gst.TAG_DATE_TIME)
        if self.made_ns is None and is_known and date.has_second():
            moment = date.to_g_date_time()
            if moment.to_unix() >= _YEAR_2000_S:
                self.made_ns = (moment.to_unix() * 10**6 + moment.get_microsecond()) * 1000

    def _note_missing(self, structure: Any) -> None:  # noqa: ANN401
        if structure is None or structure.get_name() != "missing-plugin":
            return
        media = structure.get_value("detail")
        kind = media.get_structure(0).get_name() if isinstance(media, Gst.Caps) else ""
        if kind.startswith(("video/", "image/")):
            self._undecoded.add(kind)


def _is_about_decoding(message: Any) -> bool:  # noqa: ANN401
    error = message.parse_error()[0]
    is_of_decoder = isinstance(message.src, Gst.Element) and is_decoder(message.src)
    return is_of_decoder or error.matches(Gst.StreamError.quark(), error.code)
