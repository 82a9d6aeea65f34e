"""Properties of the elements that GStreamer itself chooses for a source."""

from __future__ import annotations

from typing import Any

from edgecrack.gst.runtime import Gst
from edgecrack.signal_delivery import library_callback

_SETTINGS = (
    ("max-errors", -1),  # go on behind a damaged stretch, however long: some versions give up
    ("output-corrupt", False),  # show no picture that the decoder knows to be damaged
    ("discard-corrupted-frames", True),
    ("single-stream", True),  # show an MJPEG camera at once: with more to find, 2 MB are awaited
    ("mjpeg", True),  # nvv4l2decoder: the unit for streams of JPEG, not the one for single pictures
    ("enable-max-performance", True),  # the clock of its unit: not asked for, pictures come later
    ("num-extra-surfaces", 4),  # three may wait in the queue behind it while one is looked at
)
"""Properties of whichever demuxer and decoder have them in their version.

Those of NVIDIA's decoder differ by board: Thor's has neither ``mjpeg`` nor
``enable-max-performance``, which Orin's has on the same release.
"""


@library_callback
def set_up_network(_bin: Any, source: Any) -> None:  # noqa: ANN401
    """Set what holds for RTSP.

    Over TCP a lost packet costs a delay, over UDP a smeared picture. Sound is not asked for.
    """
    if source.get_factory().get_name() != "rtspsrc":
        return
    Gst.util_set_object_arg(source, "protocols", "tcp")
    source.set_property("latency", 200)
    source.connect("select-stream", is_video)
    if source.find_property("add-reference-timestamp-meta") is not None:  # from GStreamer 1.22 on
        source.set_property("add-reference-timestamp-meta", True)  # noqa: FBT003


@library_callback
def is_video(_source: Any, _number: int, caps: Any) -> bool:  # noqa: ANN401
    """Tell whether a stream that an RTSP server offers holds pictures."""
    return bool(caps.get_structure(0).get_value("media") == "video")


@library_callback
def set_up(_pipeline: Any, _bin: Any, element: Any) -> None:  # noqa: ANN401
    """Set what holds for every source."""
    for name, value in _SETTINGS:
        if element.find_property(name) is not None:
            element.set_property(name, value)
