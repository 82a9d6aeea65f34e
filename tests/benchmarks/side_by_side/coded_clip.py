"""A clip as coded pictures, one after another: what a camera's encoder would have made."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.benchmarks.contestants import frame_number

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]

_WAIT_NS = 10_000_000_000


def write_clip(pictures: Iterable[bytes], path: Path) -> None:
    """Write coded pictures, each behind its length."""
    with path.open("wb") as file:
        for picture in pictures:
            file.write(struct.pack(">I", len(picture)) + picture)


def read_clip(path: Path) -> list[bytes]:
    """Return the coded pictures of a clip."""
    data, place, pictures = path.read_bytes(), 0, []
    while place < len(data):
        (length,) = struct.unpack_from(">I", data, place)
        pictures.append(data[place + 4 : place + 4 + length])
        place += 4 + length
    return pictures


def encoded(frames: Iterable[Picture], fps: int, kbps: int) -> Iterator[bytes]:
    """Yield BGR frames as H.264 with start codes, a key picture a second, no picture held back."""
    from edgecrack.gst.buffers import wrap  # noqa: PLC0415  GStreamer, only where a clip is made
    from edgecrack.gst.runtime import Gst, launch, stop  # noqa: PLC0415

    pipeline = launch(
        "appsrc name=in format=time ! videoconvert ! video/x-raw,format=I420 ! "
        f"x264enc tune=zerolatency speed-preset=veryfast bitrate={kbps} key-int-max={fps} ! "
        "h264parse config-interval=-1 ! video/x-h264,stream-format=byte-stream,alignment=au ! "
        "appsink name=out sync=false"
    )
    source, sink = pipeline.get_by_name("in"), pipeline.get_by_name("out")
    try:
        for number, frame in enumerate(frames):
            if number == 0:
                height_px, width_px, _ = frame.shape
                size = f"width={width_px},height={height_px},framerate={fps}/1"
                caps = Gst.Caps.from_string(f"video/x-raw,format=BGR,{size}")
                source.set_property("caps", caps)
                pipeline.set_state(Gst.State.PLAYING)
            source.push_buffer(wrap(frame, number * 10**9 // fps))
            yield _coded(sink.try_pull_sample(_WAIT_NS))
    finally:
        stop(pipeline)


def _coded(sample: Any) -> bytes:
    if sample is None:
        raise RuntimeError("x264enc must give a picture for each it is given, and gave none")
    buffer = sample.get_buffer()
    return bytes(buffer.extract_dup(0, buffer.get_size()))


def numbered_frames(video: Path, count: int) -> Iterator[Picture]:
    """Yield so many frames of a video, played again and again, each with its number in it."""
    import cv2  # noqa: PLC0415  only where a clip is made

    number = 0
    while number < count:
        capture = cv2.VideoCapture(str(video))
        before = number
        while number < count and (frame := capture.read()[1]) is not None:
            picture = np.asarray(frame, np.uint8)
            frame_number.draw(picture, number)
            yield picture
            number += 1
        capture.release()
        if number == before:
            raise RuntimeError(f"{video} must be a video, and holds no frame")


def write_mp4(pictures: Iterable[bytes], fps: int, path: Path) -> None:
    """Write coded pictures, in the order in which they are shown, as an MP4 file.

    Raises:
        RuntimeError: GStreamer could not finish it.
    """
    from edgecrack.gst.runtime import Gst, launch, stop  # noqa: PLC0415  only where one is made

    caps = "video/x-h264,stream-format=byte-stream,alignment=au"
    pipeline = launch(
        f"appsrc name=in format=time block=true caps={caps},framerate={fps}/1 ! h264parse ! "
        f"mp4mux ! filesink location={path}"
    )
    source = pipeline.get_by_name("in")
    pipeline.set_state(Gst.State.PLAYING)
    try:
        for number, picture in enumerate(pictures):
            buffer = Gst.Buffer.new_wrapped(picture)
            buffer.pts = buffer.dts = number * 10**9 // fps
            buffer.duration = 10**9 // fps
            source.push_buffer(buffer)
        source.end_of_stream()
        kinds = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = pipeline.get_bus().timed_pop_filtered(_WAIT_NS, kinds)
        if message is None or message.type == Gst.MessageType.ERROR:
            raise RuntimeError(f"{path} must be written as MP4, and could not be finished")
    finally:
        stop(pipeline)
