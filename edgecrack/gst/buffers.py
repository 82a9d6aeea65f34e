"""Pictures and GStreamer's memory: into a buffer with one copy, out of it with none."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

import numpy as np

from edgecrack.gst.runtime import Gst, GstVideo

if TYPE_CHECKING:
    from edgecrack.records import RgbImage

RGB_ROW_ALIGNMENT_BYTES = 4
"""GStreamer pads each row of an RGB picture to a multiple of this."""


def wrap(picture: RgbImage, pts_ns: int) -> Any:  # noqa: ANN401 - gi has no types
    """Copy an RGB picture into a new buffer that carries ``pts_ns``."""
    height_px, width_px, _ = picture.shape
    row_bytes = 3 * width_px
    stride_bytes = -(-row_bytes // RGB_ROW_ALIGNMENT_BYTES) * RGB_ROW_ALIGNMENT_BYTES
    buffer = Gst.Buffer.new_allocate(None, stride_bytes * height_px, None)
    with buffer.map(Gst.MapFlags.WRITE) as mapped:
        rows = np.frombuffer(mapped.data, np.uint8).reshape(height_px, stride_bytes)
        rows[:, :row_bytes] = picture.reshape(height_px, row_bytes)
        del rows
    buffer.pts = pts_ns
    return buffer


def view(sample: Any) -> RgbImage:  # noqa: ANN401
    """Return the RGB picture of a sample, read-only, without copying it.

    The buffer stays mapped until the last view of it is gone.
    """
    buffer = sample.get_buffer()
    layout = GstVideo.VideoInfo.new_from_caps(sample.get_caps())
    meta = GstVideo.buffer_get_video_meta(buffer)
    stride_bytes = meta.stride[0] if meta else layout.stride[0]
    offset_bytes = meta.offset[0] if meta else layout.offset[0]
    mapped = buffer.map(Gst.MapFlags.READ)
    base = np.frombuffer(mapped.data, np.uint8)
    # At exit the interpreter may already have let go of GStreamer: the process frees the memory.
    weakref.finalize(base, buffer.unmap, mapped).atexit = False
    shape = (layout.height, layout.width, 3)
    picture: RgbImage = np.ndarray(shape, np.uint8, base, offset_bytes, (stride_bytes, 3, 1))
    picture.flags.writeable = False
    return picture
