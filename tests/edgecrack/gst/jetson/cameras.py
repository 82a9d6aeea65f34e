"""Stand-ins for cameras: ``nvarguscamerasrc`` of a CSI camera, and ``v4l2src`` of a USB camera.

Both film snow: no picture is like the one before.
"""

from __future__ import annotations

from typing import Any, ClassVar

from edgecrack.gst.runtime import Gst
from tests.edgecrack.gst.jetson.memory import (
    MOST,
    UINT,
    StandIn,
    declared,
    element_type,
    template,
)

_SNOW = "film videotestsrc is-live=true pattern=snow"
_SIZE = f"width=[1,{MOST}],height=[1,{MOST}],framerate=[0/1,{MOST}/1]"


class CsiFilm(StandIn):
    """One CSI camera, number 0."""

    def __init__(self) -> None:
        super().__init__()
        self.fill(f"{_SNOW} ! raw capsfilter caps=video/x-raw,format=NV12 ! exit door")
        self.show("src", "exit")

    def change(self, change: Any) -> Any:
        """Refuse a camera that is not plugged in."""
        number = self.values.get("sensor-id", 0)
        if change == Gst.StateChange.NULL_TO_READY and number:
            return self.fail(f"Invalid camera device specified {number}")
        return super().change(change)


class UsbFilm(StandIn):
    """One USB camera that sends Motion JPEG, H.264 or raw pictures, as it is asked."""

    _CODERS: ClassVar = {
        "image/jpeg": "code jpegenc",
        "video/x-h264": "code x264enc tune=zerolatency speed-preset=ultrafast",
        "video/x-raw": "code capsfilter caps=video/x-raw,format=YUY2",
    }

    def __init__(self) -> None:
        super().__init__()
        self.fill("exit identity")
        self._src = self.show("src", "exit")

    def change(self, change: Any) -> Any:
        """Film from the start on, in the form that is wanted downstream."""
        if change == Gst.StateChange.READY_TO_PAUSED and self.part("film") is None:
            wanted = self._src.peer_query_caps(self.get_pad_template("src").get_caps())
            wanted = wanted.fixate()
            structure = wanted.get_structure(0)
            _, rate, _ = structure.get_fraction("framerate")
            size = f"width={structure.get_value('width')},height={structure.get_value('height')}"
            raw = f"video/x-raw,{size},framerate={rate}/1"
            self.fill(f"{_SNOW} ! raw capsfilter caps={raw} ! {self._CODERS[structure.get_name()]}")
            self.part("code").link_filtered(self.part("exit"), wanted)
        return super().change(change)


CsiCamera = element_type(
    "ArgusCamera",
    CsiFilm,
    "Video/Capture",
    (template("src", f"video/x-raw(memory:NVMM),format=NV12,{_SIZE}"),),
    declared(
        sensor_id=(int, 0, 255, 0),
        sensor_mode=(int, -1, 255, -1),
        total_sensor_modes=(int, 0, 255, 0),
        num_buffers=(int, -1, MOST, -1),
        do_timestamp=bool,
        silent=bool,
        timeout=(UINT, 0, MOST, 0),
        saturation=(float, 0.0, 2.0, 1.0),
        exposuretimerange=str,
        gainrange=str,
        ispdigitalgainrange=str,
        aelock=bool,
        awblock=bool,
    ),
)
UsbCamera = element_type(
    "UsbCamera",
    UsbFilm,
    "Source/Video",
    (
        template(
            "src",
            f"image/jpeg,{_SIZE}; "
            f"video/x-h264,stream-format=byte-stream,alignment=au,{_SIZE}; "
            f"video/x-raw,format={{YUY2,NV12}},{_SIZE}",
        ),
    ),
    declared(
        device=str, do_timestamp=bool, num_buffers=(int, -1, MOST, -1), io_mode=(int, 0, 5, 0)
    ),
)
