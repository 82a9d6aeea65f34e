"""Stand-ins for the decoder ``nvv4l2decoder``.

Pad templates and properties are those of NVIDIA's gst-v4l2. It gives other properties on the boards
of Orin than where the codecs are those of a graphics card, as on Thor.
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

_SIZE = f"width=[1,{MOST}],height=[1,{MOST}]"
_CODED = "; ".join(
    (
        "image/jpeg",
        "video/x-h264,stream-format=byte-stream,alignment=au",
        "video/x-h265,stream-format=byte-stream,alignment=au",
        f"video/mpeg,mpegversion=4,systemstream=false,parsed=true,{_SIZE}",
        f"video/mpeg,mpegversion=[1,2],systemstream=false,parsed=true,{_SIZE}",
        "video/x-av1",
        "video/x-vp8",
        f"video/x-vp9,{_SIZE}",
    )
)
_TEMPLATES = (
    template("sink", _CODED),
    template("src", f"video/x-raw(memory:NVMM),{_SIZE},framerate=[0/1,{MOST}/1]"),
)
_DECODERS = {
    "image/jpeg": "jpegdec",
    "video/x-h264": "avdec_h264",
    "video/x-h265": "avdec_h265",
    "video/x-vp8": "vp8dec",
}
_SKIPPED = ("decode_all", "decode_non_ref", "decode_key")
_EVERYWHERE = {
    "qos": bool,
    "max_errors": (int, -1, MOST, 10),
    "discard_corrupted_frames": bool,
    "skip_frames": (enumeration("SkipFrame", _SKIPPED), 0),
    "drop_frame_interval": (UINT, 0, 30, 0),
    "num_extra_surfaces": (UINT, 0, 55, 1),
}
_ON_ORIN = {
    **_EVERYWHERE,
    "disable_dpb": bool,
    "enable_full_frame": bool,
    "enable_frame_type_reporting": bool,
    "mjpeg": bool,
    "enable_error_check": bool,
    "enable_max_performance": bool,
}
_ON_THOR = {
    **_EVERYWHERE,
    "cudadec_memtype": (UINT, 0, 2, 0),
    "gpu_id": (UINT, 0, MOST, 0),
    "low_latency_mode": bool,
    "extract_sei_type5_data": bool,
    "sei_uuid": str,
}


class Decoder(StandIn):
    """Decodes what comes, by a decoder of the processor, into the hardware's memory."""

    def __init__(self) -> None:
        super().__init__()
        self.fill("entry identity")
        self.fill("convert videoconvert ! out capsfilter caps=video/x-raw,format=NV12 ! exit door")
        entry = self.show("sink", "entry")
        self.show("src", "exit")
        entry.add_probe(Gst.PadProbeType.EVENT_DOWNSTREAM, self._on_event)

    def _on_event(self, _pad: Any, info: Any) -> Any:
        event = info.get_event()
        if event.type == Gst.EventType.CAPS and self.part("decode") is None:
            media = event.parse_caps().get_structure(0).get_name()
            can_stream = self.find_property("mjpeg") is None or self.values.get("mjpeg")
            if media == "image/jpeg" and not can_stream:
                self.fail("a stream of JPEG needs mjpeg=true")
            decoder = Gst.ElementFactory.make(_DECODERS[media], "inside-decode")
            self.add(decoder)
            self.part("entry").link(decoder)
            decoder.link(self.part("convert"))
            decoder.sync_state_with_parent()
        return Gst.PadProbeReturn.OK


class Refusing(Decoder):
    """Says of the first coded picture, as of one of a profile that it lacks, that it cannot."""

    def __init__(self) -> None:
        super().__init__()
        self.get_static_pad("sink").add_probe(Gst.PadProbeType.BUFFER, self._on_picture)
        self._has_failed = False

    def _on_picture(self, _pad: Any, _info: Any) -> Any:
        if not self._has_failed:
            self._has_failed = True
            self.fail("Failed to process frame.")
        return Gst.PadProbeReturn.DROP


class Muted(Decoder):
    """Takes all coded pictures in, and gives nothing."""

    def __init__(self) -> None:
        super().__init__()
        pad = self.get_static_pad("sink")
        pad.add_probe(Gst.PadProbeType.BUFFER, lambda _pad, _info: Gst.PadProbeReturn.DROP)


def _decoder(
    name: str, properties: dict[str, Any], problem: str = "", behaviour: type = Decoder
) -> Any:
    klass = "Codec/Decoder/Video"
    return element_type(name, behaviour, klass, _TEMPLATES, declared(**properties), problem)


OrinDecoder = _decoder("OrinDecoder", _ON_ORIN)
ThorDecoder = _decoder("ThorDecoder", _ON_THOR)

_LOCKED = "Cannot identify device '/dev/v4l2-nvdec'."
LockedDecoder = _decoder("LockedDecoder", _ON_ORIN, _LOCKED)
RefusingDecoder = _decoder("RefusingDecoder", _ON_ORIN, behaviour=Refusing)
MutedDecoder = _decoder("MutedDecoder", _ON_ORIN, behaviour=Muted)
JpegDecoder = _decoder("JpegDecoder", {}, "nvjpegdec is not to be tried")
