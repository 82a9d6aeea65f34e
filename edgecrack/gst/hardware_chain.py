"""Pipelines on the elements of a Jetson, as text: pure functions, like those of `chain`.

Decoding, cropping, scaling and colour are done by the board's own units, so that a picture reaches
the processor at the size of the network. All that runs there is the step from four bytes a pixel to
three: ``nvvidconv`` has no RGB.

What the elements can do was read from NVIDIA's sources of L4T 35 and 36 and from reports on 39; it
has not run on a board yet.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from edgecrack.gst.chain import PipelineSpec, Property, appsink, latest_queue, pace, rgb_caps
from edgecrack.gst.geometry import evidence_size_px, image_is_evidence
from edgecrack.letterbox import letterbox

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from fractions import Fraction

    from edgecrack.records import FrameGeometry, Region

CAMERA, DECODER, CONVERTER = "nvarguscamerasrc", "nvv4l2decoder", "nvvidconv"
ENCODER = "nvv4l2h264enc"

NEEDED: Mapping[str, frozenset[str]] = {
    CAMERA: frozenset({"sensor-id"}),
    CONVERTER: frozenset({"left", "top", "right", "bottom", "interpolation-method", "flip-method"}),
    DECODER: frozenset(),
    ENCODER: frozenset({"bitrate", "iframeinterval"}),
}
"""Element -> the properties without which no pipeline is made of it."""

FLIPS: Mapping[str, str] = {
    "rotate-0": "none",
    "rotate-90": "clockwise",
    "rotate-180": "rotate-180",
    "rotate-270": "counterclockwise",
    "flip-rotate-0": "horizontal-flip",
    "flip-rotate-90": "upper-left-diagonal",
    "flip-rotate-180": "vertical-flip",
    "flip-rotate-270": "upper-right-diagonal",
}
"""Orientation that a file declares -> ``flip-method`` that brings its pictures upright."""

TURNED_ON_ITS_SIDE = frozenset(name for name in FLIPS if name.endswith(("-90", "-270")))
"""Those that change width and height over."""

SQUARE_PIXELS = "pixel-aspect-ratio=1/1"
"""What stands behind each converter, and behind the camera, whose caps do not say it.

GStreamer 1.20 else takes the smallest of all aspects, and stands still when the size changes.
"""

_QUANTIZER = 21  # as of the software encoder
_BITS_A_PIXEL = 0.25  # where the encoder takes no quantizer
_HARDWARE_MEMORY = "video/x-raw(memory:NVMM)"


def reader_chain(spec: PipelineSpec) -> str:
    """Return the pipeline from a source to two appsinks; names and order are those of `chain`.

    ``head`` turns pictures upright, held to their size by `upright_caps`; with nothing to turn they
    pass through it as they are. A source that was decoded by the processor is taken into the
    hardware's memory there. Pixels are square behind each converter, as by `chain.rgb_caps`.
    """
    return (
        f"{spec.description} ! {CONVERTER} name=head ! "
        f"capsfilter name=upright caps={_HARDWARE_MEMORY},{SQUARE_PIXELS} ! "
        f"{pace(spec)}{latest_queue(spec)} ! tee name=split "
        f"split. ! {_branch('image')} "
        f"split. ! valve name=evidence-valve drop-mode=forward-sticky-events ! "
        f"{_branch('evidence')}"
    )


def upright_caps(width_px: int, height_px: int) -> str:
    """Return what ``upright`` lets through: pictures of one size in the hardware's memory."""
    return f"{_HARDWARE_MEMORY},width={width_px},height={height_px},{SQUARE_PIXELS}"


def fit(geometry: FrameGeometry, input_px: tuple[int, int]) -> tuple[Property, ...]:
    """Return what fits both branches of `reader_chain` to a size of source picture.

    The geometry is that of `chain.fit`. Edges are counted from the picture's left and top, all
    four: ``right`` and ``bottom`` become a width and a height with the ``left`` and ``top`` that
    hold when they are set, so these come first.

    Example:
        >>> from edgecrack.records import FrameGeometry, Region
        >>> part = FrameGeometry(1920, 1080, Region(0, 540, 1920, 540))
        >>> [(p.name, p.value) for p in fit(part, (960, 540))][:4]
        [('left', '0'), ('top', '540'), ('right', '1920'), ('bottom', '1080')]
    """
    region = geometry.region
    picture_px, region_px = (
        (geometry.width_px, geometry.height_px),
        (region.width_px, region.height_px),
    )
    evidence_px = evidence_size_px(*picture_px)
    image_px = letterbox(region_px, input_px).picture_px
    is_shut = image_is_evidence(geometry, input_px)
    return (
        *(() if geometry.is_whole else _edges(region)),
        Property("image-scale", "interpolation-method", interpolation(region_px, image_px)),
        Property("image-rgba", "caps", _rgba(*image_px)),
        Property("image-caps", "caps", rgb_caps(*image_px)),
        Property("evidence-valve", "drop", str(is_shut).lower()),
        Property("evidence-scale", "interpolation-method", interpolation(picture_px, evidence_px)),
        Property("evidence-rgba", "caps", _rgba(*evidence_px)),
        Property("evidence-caps", "caps", rgb_caps(*evidence_px)),
    )


def interpolation(size_px: tuple[int, int], to_px: tuple[int, int]) -> str:
    """Return the ``interpolation-method`` that skips no pixel; the default takes the nearest one.

    A filter of n taps sees every pixel up to a factor of n.

    Example:
        >>> interpolation((1920, 1080), (960, 540)), interpolation((3840, 2160), (480, 270))
        ('Bilinear', '10-Tap')
    """
    factor = max(side / to for side, to in zip(size_px, to_px, strict=True))
    return next((name for taps, name in _TAPS if factor <= taps), "10-Tap")


_TAPS = ((2, "Bilinear"), (5, "5-Tap"), (10, "10-Tap"))


def can_crop(region: Region) -> bool:
    """Tell whether the hardware cuts out a region to the pixel.

    Colour has half the resolution in the decoder's memory: edges that are odd would be moved.
    """
    edges_px = (region.x_px, region.y_px, region.width_px, region.height_px)
    return all(edge_px % 2 == 0 for edge_px in edges_px)


def encoding(size_px: tuple[int, int], rate: Fraction, properties: Collection[str]) -> str:
    """Return the pipeline from RGB pictures to H.264, a key picture a second.

    Args:
        size_px: Width and height of the pictures, even.
        rate: Nominal frames a second.
        properties: Those of this board's encoder. The units of Orin take a quantizer; Thor's take
            none, and are given a bit rate that is ample for road texture.
    """
    gap = max(1, round(rate))
    bits = max(1_000_000, round(_BITS_A_PIXEL * size_px[0] * size_px[1] * rate))
    wanted = {"iframeinterval": gap, "idrinterval": gap, "bitrate": bits}
    quantizer = {"quant-i-frames": _QUANTIZER, "quant-p-frames": _QUANTIZER}
    if {"ratecontrol-enable", *quantizer} <= set(properties):
        wanted |= {"ratecontrol-enable": 0, **quantizer}
    return _encoder(wanted, properties)


def stream_encoding(gap: int, bitrate_kbps: int, properties: Collection[str]) -> str:
    """Return the pipeline from RGB pictures to H.264 of a constant bit rate, for a network.

    Args:
        gap: Pictures from one key picture to the next.
        bitrate_kbps: Of the video.
        properties: Those of this board's encoder; its constant bit rate is the default.
    """
    wanted = {"iframeinterval": gap, "idrinterval": gap, "bitrate": 1000 * bitrate_kbps}
    return _encoder(wanted, properties)


def _encoder(wanted: Mapping[str, int], properties: Collection[str]) -> str:
    settings = " ".join(f"{name}={value}" for name, value in wanted.items() if name in properties)
    return (
        f"videoconvert ! video/x-raw,format=RGBA ! {CONVERTER} ! {_HARDWARE_MEMORY},format=NV12 ! "
        f"{ENCODER} {settings}"
    )


def _edges(region: Region) -> tuple[Property, ...]:
    edges_px = {
        "left": region.x_px,
        "top": region.y_px,
        "right": region.x_px + region.width_px,
        "bottom": region.y_px + region.height_px,
    }
    return tuple(Property("image-scale", edge, str(at_px)) for edge, at_px in edges_px.items())


def _branch(name: str) -> str:
    return (
        f"{CONVERTER} name={name}-scale ! "
        f"capsfilter name={name}-rgba caps=video/x-raw,format=RGBA,{SQUARE_PIXELS} ! "
        f"videoconvert dither=none ! capsfilter name={name}-caps ! {appsink(name)}"
    )


def _rgba(width_px: int, height_px: int) -> str:
    return f"video/x-raw,format=RGBA,width={width_px},height={height_px},{SQUARE_PIXELS}"
