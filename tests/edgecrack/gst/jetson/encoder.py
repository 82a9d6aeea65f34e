"""Stand-ins for the encoder ``nvv4l2h264enc``.

Pad templates and properties are those of NVIDIA's gst-v4l2; like the decoder's they differ by
board. An Orin Nano has the element, and no unit behind it.
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

_RAW = f"width=[1,{MOST}],height=[1,{MOST}],framerate=[0/1,{MOST}/1]"
_TEMPLATES = (
    template("sink", f"video/x-raw(memory:NVMM),format={{I420,NV12,P010_10LE,NV24}},{_RAW}"),
    template("src", "video/x-h264,stream-format=byte-stream,alignment={au,nal}"),
)
_RATES = enumeration("GstV4l2VideoEncRateControlType", ("variable_bitrate", "constant_bitrate"))
_EVERYWHERE = {
    "bitrate": (UINT, 0, MOST, 4_000_000),
    "control_rate": (_RATES, 1),
    "iframeinterval": (UINT, 0, MOST, 30),
}
_ON_ORIN = {
    **_EVERYWHERE,
    "peak_bitrate": (UINT, 0, MOST, 0),
    "quant_i_frames": (UINT, 0, MOST, MOST),
    "quant_p_frames": (UINT, 0, MOST, MOST),
    "quant_b_frames": (UINT, 0, MOST, MOST),
    "preset_level": (UINT, 0, 4, 1),
    "qp_range": str,
    "vbv_size": (UINT, 0, MOST, 4_000_000),
    "MeasureEncoderLatency": bool,
    "ratecontrol_enable": bool,
    "maxperf_enable": bool,
    "idrinterval": (UINT, 0, MOST, 256),
}
_ON_THOR = {**_EVERYWHERE, "gpu_id": (UINT, 0, MOST, 0), "force_idr": bool, "force_intra": bool}


class Encoder(StandIn):
    """Encodes, by x264, what lies in the hardware's memory."""

    def __init__(self) -> None:
        super().__init__()
        self.fill(
            "entry door ! in capsfilter caps=video/x-raw ! convert videoconvert ! "
            "encode x264enc speed-preset=ultrafast tune=zerolatency ! "
            "exit capsfilter caps=video/x-h264,stream-format=byte-stream,alignment=au"
        )
        self.show("sink", "entry")
        self.show("src", "exit")

    def do_set_property(self, declaration: Any, value: Any) -> None:
        """Remember a value, and act on it."""
        super().do_set_property(declaration, value)
        encoder, name = self.part("encode"), declaration.name
        if name == "iframeinterval":
            encoder.set_property("key-int-max", value)
        elif name == "bitrate":
            encoder.set_property("bitrate", value // 1000)
        elif name == "quant-p-frames":
            Gst.util_set_object_arg(encoder, "pass", "qual")
            encoder.set_property("quantizer", value)


def _encoder(name: str, properties: dict[str, Any], problem: str = "") -> Any:
    klass = "Codec/Encoder/Video"
    return element_type(name, Encoder, klass, _TEMPLATES, declared(**properties), problem)


OrinEncoder = _encoder("OrinEncoder", _ON_ORIN)
ThorEncoder = _encoder("ThorEncoder", _ON_THOR)
NanoEncoder = _encoder("NanoEncoder", _ON_ORIN, "Cannot identify device '/dev/v4l2-nvenc'.")
