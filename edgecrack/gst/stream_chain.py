"""Pipelines of the outgoing stream as text: from pictures that are pushed to H.264 on its way out.

Everything is chosen for a short way: an encoder that keeps no picture back, a key picture a second
(HLS asks for one at the start of each segment), no B-pictures, and a source that holds one picture
and gives up the older one for the newer.
Pictures carry the time at which they are pushed, so a stream of weeks never drifts from its clock.

UDP and SRT carry MPEG-TS: a player opens it from the address alone, where plain RTP needs a file
that describes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

PLAYLIST, SEGMENTS = "live.m3u8", "live-%05d.ts"
"""Names of the files of HLS."""

SEGMENT_S, MOST_LISTED, MOST_FILES = 2, 5, 8
"""Each segment's length, how many the playlist names, and how many there may be."""

Settings = tuple[tuple[str, "str | int | bool"], ...]
"""Properties of the element ``sink``: apart from the text, paths and secrets need no quoting."""

_PAYLOAD = "rtph264pay name=pay0 pt=96 config-interval=-1"
_TRANSPORT = "mpegtsmux alignment=7"  # seven packets of 188 bytes fill one of the network's


def source_chain(size_px: tuple[int, int], rate: Fraction, encoding: str) -> str:
    """Return the part that all share, from an appsrc ``in`` to parsed H.264.

    Args:
        size_px: Width and height of the pictures, even.
        rate: Nominal pictures a second: each gets its share of the bit rate, also where fewer
            come. Without one x264 would go by their times, and keep one back for that.
        encoding: From RGB to H.264.
    """
    caps = (
        f"video/x-raw,format=RGB,width={size_px[0]},height={size_px[1]},"
        f"pixel-aspect-ratio=1/1,framerate={rate.numerator}/{rate.denominator}"
    )
    return (
        "appsrc name=in is-live=true format=time do-timestamp=true "
        f"max-bytes=0 max-time=0 max-buffers=1 leaky-type=downstream caps={caps} ! "
        f"{encoding} ! h264parse config-interval=-1"
    )


def rtsp_chain(source: str) -> str:
    """Return the pipeline that an RTSP server makes when somebody watches."""
    return f"( {source} ! {_PAYLOAD} )"


def udp_chain(source: str) -> str:
    """Return the pipeline to a host that may listen or not."""
    return f"{source} ! {_TRANSPORT} ! udpsink name=sink sync=false async=false"


def srt_chain(source: str) -> str:
    """Return the pipeline to whoever calls, or is called."""
    return (
        f"{source} ! {_TRANSPORT} ! "
        "srtsink name=sink wait-for-connection=false sync=false async=false"
    )


def hls_chain(source: str) -> str:
    """Return the pipeline to a folder with a playlist and a bounded number of segments."""
    return (
        f"{source} ! hlssink2 name=sink send-keyframe-requests=true "
        f"target-duration={SEGMENT_S} playlist-length={MOST_LISTED} max-files={MOST_FILES}"
    )


def hls_settings(folder: str) -> Settings:
    """Return where the files of HLS go.

    Example:
        >>> dict(hls_settings("/run/100%"))["location"]
        '/run/100%%/live-%05d.ts'
    """
    escaped = folder.replace("%", "%%")  # the name of a segment is a format of C
    return (("playlist-location", f"{folder}/{PLAYLIST}"), ("location", f"{escaped}/{SEGMENTS}"))


def software_encoding(gap: int, bitrate_kbps: int, has_element: Callable[[str], bool]) -> str:
    """Return the pipeline from RGB to H.264 on the processor, each picture out as soon as it is in.

    Args:
        gap: Pictures from one key picture to the next, where none is asked for before.
        bitrate_kbps: Of the video.
        has_element: Whether an element is installed.
    """
    encoder = (
        "openh264enc usage-type=camera complexity=low rate-control=bitrate "
        f"bitrate={1000 * bitrate_kbps} gop-size={gap}"
    )
    if has_element("x264enc"):
        quick = "tune=zerolatency speed-preset=ultrafast"
        encoder = f"x264enc {quick} bitrate={bitrate_kbps} key-int-max={gap}"
    return f"videoconvert dither=none ! video/x-raw,format=I420 ! {encoder}"
