"""Pipelines as text: pure functions of the source, the sizes and the elements at hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from edgecrack.gst.geometry import evidence_size_px, image_is_evidence, scaling_method
from edgecrack.letterbox import letterbox

if TYPE_CHECKING:
    from collections.abc import Callable
    from fractions import Fraction

    from edgecrack.records import FrameGeometry

FILE_STALL_NS = 60_000_000_000
LIVE_STALL_NS = 15_000_000_000

# What a decoder takes where it has the choice. The jpegdec of GStreamer 1.20 else takes RGB, and
# then fails at a picture of 4:4:4, or of a width that is no multiple of 16.
_PREFERRED = '"video/x-raw,format=I420;video/x-raw(ANY)"'


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """Where pictures come from, and how to treat them.

    Attributes:
        name: What messages call it; no passwords.
        description: The pipeline's first part, which ends in raw video.
        settings: Properties of its element ``source`` that need no quoting this way.
        is_live: The newest picture wins and the others are dropped; otherwise none is.
        is_paced: Hold pictures back until their time, for a live run over a file.
        is_endless: A camera or a stream: its end is a failure.
        may_return: Its failures may pass, so they are a ``SourceError``.
        stall_ns: How long to wait for a picture.
        is_hardware: Read it by the pipeline of `hardware_chain`.
    """

    name: str
    description: str
    settings: tuple[tuple[str, str | int], ...] = ()
    is_live: bool = False
    is_paced: bool = False
    is_endless: bool = False
    may_return: bool = False
    stall_ns: int = FILE_STALL_NS
    is_hardware: bool = False


@dataclass(frozen=True, slots=True)
class Property:
    """A value, as text, for a property of an element of a running pipeline."""

    element: str
    name: str
    value: str


def reader_chain(spec: PipelineSpec) -> str:
    """Return the pipeline from a source to two appsinks, ``image`` and ``evidence``.

    Pictures are scaled before they are converted, in the decoder's own format: less than half of
    the work. What depends on the size of the source picture is set later, from `fit`. The valve of
    the evidence is shut where both branches would make the same picture.
    """
    return (
        f"{spec.description} ! capsfilter caps={_PREFERRED} ! videoconvert name=head dither=none ! "
        f"videoflip video-direction=auto ! {pace(spec)}{latest_queue(spec)} ! tee name=split "
        f"split. ! videocrop name=crop ! capsfilter name=region ! {_branch('image')} "
        "split. ! valve name=evidence-valve drop-mode=forward-sticky-events ! "
        f"{_branch('evidence')}"
    )


def pace(spec: PipelineSpec) -> str:
    """Return what holds the pictures of a paced source back until their time."""
    return "clocksync ! " if spec.is_paced else ""


def latest_queue(spec: PipelineSpec) -> str:
    """Return the queue ``latest``: the only place where pictures may be dropped."""
    limit = "max-size-buffers=1 leaky=downstream" if spec.is_live else "max-size-buffers=3"
    return f"queue name=latest max-size-bytes=0 max-size-time=0 {limit}"


def appsink(name: str) -> str:
    """Return the end of a branch: it waits for whoever takes the pictures."""
    return f"appsink name={name} sync=false async=false max-buffers=1 enable-last-sample=false"


def rgb_caps(width_px: int, height_px: int) -> str:
    """Return the caps of RGB pictures of one size.

    The pixel aspect is fixed: to the left of a scaler it keeps GStreamer 1.20, which else takes
    the smallest of all aspects and then cannot go on; to its right it keeps an anamorphic source
    from choosing a size of its own.
    """
    return f"video/x-raw,format=RGB,width={width_px},height={height_px},pixel-aspect-ratio=1/1"


def fit(geometry: FrameGeometry, input_px: tuple[int, int]) -> tuple[Property, ...]:
    """Return what fits both branches of `reader_chain` to a size of source picture.

    The region becomes as large as the network's input holds, its aspect kept; the detector adds
    the borders.

    Example:
        >>> from edgecrack.records import FrameGeometry, Region
        >>> whole = FrameGeometry(1920, 1080, Region(0, 540, 1920, 540))
        >>> [p.value for p in fit(whole, (960, 540)) if p.element == "crop"]
        ['0', '540', '-1', '-1']
    """
    region = geometry.region
    is_whole = (region.width_px, region.height_px) == (geometry.width_px, geometry.height_px)
    # -1 crops to the size that follows. The rest in pixels would refuse a smaller picture before
    # anyone can set another rest: its size is asked for ahead of the pictures that are queued.
    rest = "0" if is_whole else "-1"
    size = f"video/x-raw,width={region.width_px},height={region.height_px}"
    edges = {"left": str(region.x_px), "top": str(region.y_px), "right": rest, "bottom": rest}
    picture_px = (geometry.width_px, geometry.height_px)
    evidence_px = evidence_size_px(*picture_px)
    region_px = (region.width_px, region.height_px)
    image_px = letterbox(region_px, input_px).picture_px
    is_shut = image_is_evidence(geometry, input_px)
    return (
        *(Property("crop", edge, value) for edge, value in edges.items()),
        Property("region", "caps", "video/x-raw" if is_whole else size),
        Property("image-scale", "method", scaling_method(*region_px, *image_px)),
        Property("image-caps", "caps", rgb_caps(*image_px)),
        Property("evidence-valve", "drop", str(is_shut).lower()),
        Property("evidence-scale", "method", scaling_method(*picture_px, *evidence_px)),
        Property("evidence-caps", "caps", rgb_caps(*evidence_px)),
    )


def writer_chain(width_px: int, height_px: int, rate: Fraction, encoding: str) -> str:
    """Return the pipeline from an appsrc ``in`` to H.264 in fragmented MP4, filesink ``file``.

    Args:
        width_px: Width of the pictures, even.
        height_px: Height of the pictures, even.
        rate: Nominal frames a second.
        encoding: From RGB to H.264, with a key picture a second: each fragment stands alone.
    """
    picture = f"format=RGB,width={width_px},height={height_px}"
    # A rate of 0/1 would lose the last picture in mp4mux.
    caps = f"video/x-raw,{picture},framerate={rate.numerator}/{rate.denominator}"
    return (
        f"appsrc name=in format=time max-bytes=0 caps={caps} ! {encoding} ! "
        "h264parse ! mp4mux name=mux fragment-duration=1000 ! "
        # Buffered, a low-rate video would keep its first 64 KiB in a memory that dies with us.
        "filesink name=file buffer-mode=unbuffered"
    )


def software_encoding(rate: Fraction, has_element: Callable[[str], bool]) -> str:
    """Return the pipeline from RGB pictures to H.264 on the processor, a key picture a second.

    Args:
        rate: Nominal frames a second.
        has_element: Whether an element is installed.
    """
    gap = max(1, round(rate))
    # The same quality whatever the texture, so no bound on bytes: x264 would cap even a constant
    # rate factor at 2,048 kbit/s. At least 35 dB on a textured road, some 80 kB of 1280x720.
    encoder = f"openh264enc complexity=low rate-control=off gop-size={gap}"
    if has_element("x264enc"):
        quality = "pass=qual quantizer=21 vbv-buf-capacity=0"
        encoder = f"x264enc speed-preset=ultrafast {quality} key-int-max={gap}"
    return f"videoconvert ! video/x-raw,format=I420 ! {encoder}"


def _branch(name: str) -> str:
    return (
        f"videoscale name={name}-scale add-borders=false ! videoconvert dither=none ! "
        f"capsfilter name={name}-caps ! {appsink(name)}"
    )
