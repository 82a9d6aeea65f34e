"""Requests to negotiate again, and how far they may travel."""

from __future__ import annotations

from typing import Any

from edgecrack.gst.runtime import Gst
from edgecrack.signal_delivery import library_callback


def contain(pad: Any) -> None:  # noqa: ANN401 - gi has no types
    """Let no request to negotiate again pass a source pad on its way upstream.

    An element whose sizes are set asks all that come before it to negotiate again, also where they
    do not depend on it. GStreamer 1.20 does worse than waste time: its videoflip, asked between the
    caps and the tag that tells the rotation, shows the first picture as it lies.
    """
    pad.add_probe(Gst.PadProbeType.EVENT_UPSTREAM, _on_event)


@library_callback
def _on_event(_pad: Any, info: Any) -> Any:  # noqa: ANN401
    is_request = info.get_event().type == Gst.EventType.RECONFIGURE
    return Gst.PadProbeReturn.DROP if is_request else Gst.PadProbeReturn.OK
