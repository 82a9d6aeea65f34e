"""A stand-in for ``nvvidconv``, which crops, turns, scales and converts pictures.

Pad templates, properties and the meaning of the crop are those of NVIDIA's gst-nvvidconv. What its
filters compute is not known here: those of GStreamer take their place.
"""

from __future__ import annotations

from typing import Any

from edgecrack.gst.runtime import Gst
from tests.edgecrack.gst.jetson.memory import (
    MOST,
    UINT,
    StandIn,
    declared,
    element_type,
    enumeration,
    template,
)

_HARDWARE_IN = (
    "I420, I420_10LE, P010_10LE, I420_12LE, UYVY, YUY2, YVYU, NV12, NV16, NV24, GRAY8, BGRx, RGBA, "
    "Y42B, Y444"
)
_HARDWARE_OUT = (
    "I420, I420_10LE, P010_10LE, UYVY, YUY2, YVYU, NV12, NV16, NV24, GRAY8, BGRx, RGBA, Y42B, Y444"
)
_PROCESSOR_IN = "I420, UYVY, YUY2, YVYU, NV12, NV16, NV24, P010_10LE, GRAY8, BGRx, RGBA, Y42B, Y444"
_PROCESSOR_OUT = "I420, UYVY, YUY2, YVYU, NV12, NV16, NV24, GRAY8, BGRx, RGBA, Y42B, Y444"
_FLIPS = (
    *("none", "counterclockwise", "rotate-180", "clockwise"),
    *("horizontal-flip", "upper-right-diagonal", "vertical-flip", "upper-left-diagonal"),
)
_DIRECTIONS = ("identity", "90l", "180", "90r", "horiz", "ur-ll", "vert", "ul-lr")
_FILTERS = ("Nearest", "Bilinear", "5-Tap", "10-Tap", "Smart", "Nicest")
_METHODS = ("nearest-neighbour", "bilinear", "hermite", "hermite", "hermite", "hermite")


def _caps(hardware: str, processor: str) -> str:
    size = f"width=[1,{MOST}],height=[1,{MOST}],framerate=[0/1,{MOST}/1]"
    return (
        f"video/x-raw(memory:NVMM),format={{{hardware}}},{size}; "
        f"video/x-raw,format={{{processor}}},{size}"
    )


class ConverterBehaviour(StandIn):
    """Counts all four edges from the left and the top; left and top must be set first."""

    def __init__(self) -> None:
        super().__init__()
        self.fill(
            "entry door ! in capsfilter caps=video/x-raw ! crop videocrop ! cut capsfilter ! "
            "flip videoflip ! scale videoscale method=nearest-neighbour add-borders=false ! "
            "convert videoconvert dither=none ! out capsfilter caps=video/x-raw ! exit door"
        )
        self.show("sink", "entry")
        self.show("src", "exit")
        self._cut_px = {"left": 0, "top": 0, "width": 0, "height": 0}

    def do_set_property(self, declaration: Any, value: Any) -> None:
        """Remember a value, and act on it."""
        super().do_set_property(declaration, value)
        name = declaration.name
        if name == "flip-method":
            Gst.util_set_object_arg(self.part("flip"), "video-direction", _DIRECTIONS[int(value)])
        elif name == "interpolation-method":
            Gst.util_set_object_arg(self.part("scale"), "method", _METHODS[int(value)])
        elif name in {"left", "top", "right", "bottom"}:
            self._cut(name, int(value))

    def _cut(self, edge: str, at_px: int) -> None:
        """Note an edge as NVIDIA's element does: far edges become sizes by the near ones of now."""
        if edge in {"left", "top"}:
            self._cut_px[edge] = at_px
        else:
            size, near = ("width", "left") if edge == "right" else ("height", "top")
            self._cut_px[size] = at_px - self._cut_px[near]
        self._apply()

    def _apply(self) -> None:
        """Cut at even pixels; -1 leaves the far edges to the size, whatever picture comes."""
        left, top, width, height = (self._cut_px[name] // 2 * 2 for name in self._cut_px)
        for edge, amount_px in {"left": left, "top": top, "right": -1, "bottom": -1}.items():
            self.part("crop").set_property(edge, amount_px)
        size = f"video/x-raw,width={width},height={height}" if width and height else "video/x-raw"
        Gst.util_set_object_arg(self.part("cut"), "caps", size)


_TEMPLATES = (
    template("sink", _caps(_HARDWARE_IN, _PROCESSOR_IN)),
    template("src", _caps(_HARDWARE_OUT, _PROCESSOR_OUT)),
)
_PROPERTIES = declared(
    silent=bool,
    flip_method=(enumeration("GstNvVideoFlipMethod", _FLIPS), 0),
    output_buffers=(UINT, 1, MOST, 4),
    interpolation_method=(enumeration("GstInterpolationMethod", _FILTERS), 0),
    left=(int, 0, MOST, 0),
    right=(int, 0, MOST, 0),
    top=(int, 0, MOST, 0),
    bottom=(int, 0, MOST, 0),
    bl_output=bool,
    compute_hw=(enumeration("GstNvVidConvComputeHWType", ("Default", "GPU", "VIC")), 0),
    gpu_id=(UINT, 0, MOST, 0),
    nvbuf_memory_type=(UINT, 0, 4, 0),
)


def _converter(name: str, properties: dict[str, Any]) -> Any:
    klass = "Filter/Converter/Video/Scaler"
    return element_type(name, ConverterBehaviour, klass, _TEMPLATES, properties)


Converter = _converter("Nvvidconv", _PROPERTIES)
RenamedConverter = _converter(
    "RenamedNvvidconv",
    {name.replace("interpolation", "scaling"): kind for name, kind in _PROPERTIES.items()},
)
