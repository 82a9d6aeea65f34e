"""The time at which a picture was taken, by the account of the RTSP server that sent it.

A server tells in its sender reports (RFC 3550, 6.4.1) which time of its own clock belongs to a time
of the stream, the first of them some seconds after the start. From GStreamer 1.22 on ``rtspsrc``
notes it at each buffer, and what depayloads, decodes and scales hands it on.
"""

from __future__ import annotations

from typing import Any

from edgecrack.gst.runtime import Gst

_FROM_1900_TO_1970_NS = 2_208_988_800 * 10**9  # NTP counts from 1900
_NTP = Gst.Caps.from_string("timestamp/x-ntp")


def reference_ns(buffer: Any) -> int | None:  # noqa: ANN401 - gi has no types
    """Return the UTC of a picture in nanoseconds since 1970, or None where its server says none."""
    meta = buffer.get_reference_timestamp_meta(_NTP)
    return None if meta is None else meta.timestamp - _FROM_1900_TO_1970_NS
