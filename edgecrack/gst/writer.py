"""Pictures to an H.264 file that stays readable when the power goes."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from edgecrack.errors import SinkError, UsageError
from edgecrack.gst.buffers import wrap
from edgecrack.gst.chain import software_encoding, writer_chain
from edgecrack.gst.fragment import merge_runs
from edgecrack.gst.hardware import hardware_encoding
from edgecrack.gst.runtime import Gst, bus_error, has_element, launch, stop
from edgecrack.signal_delivery import library_callback

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.records import RgbImage

LEAST_SIDE_PX = 16
"""Below one macroblock of H.264 the encoders refuse a picture."""

_QUEUE_PICTURES = 4
_POLL_NS = 2_000_000
_STALL_NS = 30_000_000_000
_ONE_RUN = (1, 22)  # since this version mp4mux tells all samples of a fragment in one run
_LEAST_STEP_NS = 1_000_000  # two pictures never share a time, or the muxer merges them


class VideoWriter:
    """Write RGB pictures as H.264 in fragmented MP4, each at its own time.

    A whole fragment (about a second) survives a power cut. The last row or column of an odd-sized
    picture is left out, because 4:2:0 video has none. ``write`` waits while the encoder is behind.

    Example:
        >>> import tempfile; from pathlib import Path
        >>> import numpy as np
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     writer = VideoWriter(Path(folder, "a.mp4"), 64, 48, 25.0)
        ...     writer.write(np.zeros((48, 64, 3), np.uint8), pts_ns=0)
        ...     writer.close()
        ...     Path(folder, "a.mp4").stat().st_size > 0
        True
    """

    def __init__(
        self, path: Path, width_px: int, height_px: int, fps: float, *, in_hardware: bool = True
    ) -> None:
        """Open the file.

        Args:
            path: Where to write; an existing file is replaced.
            width_px: Width of every picture, at least ``LEAST_SIDE_PX``.
            height_px: Height of every picture, at least ``LEAST_SIDE_PX``.
            fps: The nominal rate, declared in the file; the times given to ``write`` count.
            in_hardware: Let a board's own unit encode, where it has one.

        Raises:
            UsageError: A size or rate no video can have.
            SinkError: The file cannot be opened.
        """
        if min(width_px, height_px) < LEAST_SIDE_PX or not (math.isfinite(fps) and fps > 0):
            least = f"{LEAST_SIDE_PX}x{LEAST_SIDE_PX}"
            asked = f"{width_px}x{height_px} at {fps} frames a second"
            raise UsageError(f"a video must be at least {least} with a positive rate, not {asked}")
        self._path, self._shape = path, (height_px, width_px, 3)
        self._even_height_px, self._even_width_px = height_px // 2 * 2, width_px // 2 * 2
        rate = max(Fraction(fps).limit_denominator(1001), Fraction(1, 1001))
        self._duration_ns = round(1e9 / rate)
        self._last_pts_ns: int | None = None
        size_px = self._even_width_px, self._even_height_px
        encoding = hardware_encoding(size_px, rate) if in_hardware else None
        encoding = encoding or software_encoding(rate, has_element)
        self._pipeline = launch(writer_chain(*size_px, rate, encoding))
        # A path need not be UTF-8, a property must be.
        self._pipeline.get_by_name("file").set_uri(path.absolute().as_uri())
        self._input = self._pipeline.get_by_name("in")
        if Gst.version() < _ONE_RUN:
            muxed = self._pipeline.get_by_name("mux").get_static_pad("src")
            muxed.add_probe(Gst.PadProbeType.BUFFER, _merge)
        self._closed = False
        if self._pipeline.set_state(Gst.State.PLAYING) == Gst.StateChangeReturn.FAILURE:
            raise self._failure("could not be opened")

    def write(self, picture: RgbImage, pts_ns: int) -> None:
        """Append a picture.

        Args:
            picture: RGB, of the size given at the start.
            pts_ns: Its time; one that does not follow the last is moved just behind it.

        Raises:
            SinkError: The file cannot take it (disk full, closed, another picture size).
        """
        if self._closed:
            raise SinkError(f"{self._path.name} is closed and takes no more pictures")
        if picture.shape != self._shape:
            sizes = " and not ".join(f"{w}x{h}" for h, w, _ in (self._shape, picture.shape))
            raise SinkError(f"{self._path.name} takes pictures of {sizes}: one video, one size")
        self._wait_for_room()
        if self._last_pts_ns is not None:
            pts_ns = max(pts_ns, self._last_pts_ns + _LEAST_STEP_NS)
        self._last_pts_ns = pts_ns
        buffer = wrap(picture[: self._even_height_px, : self._even_width_px], pts_ns)
        buffer.duration = self._duration_ns
        if self._input.push_buffer(buffer) != Gst.FlowReturn.OK:
            raise self._failure("could not be written")

    def close(self) -> None:
        """Finish the file; safe to call twice. Without any picture no file is left.

        Raises:
            SinkError: The end of the file could not be written.
        """
        if self._closed:
            return
        if self._last_pts_ns is None:
            self._abandon()
            self._path.unlink(missing_ok=True)
            return
        self._input.end_of_stream()
        wanted = Gst.MessageType.EOS | Gst.MessageType.ERROR
        message = self._pipeline.get_bus().timed_pop_filtered(_STALL_NS, wanted)
        if message is None:
            raise self._failure("could not be finished in time")
        if message.type == Gst.MessageType.ERROR:
            raise self._failure("could not be finished", message.parse_error()[0].message)
        self._abandon()

    def _wait_for_room(self) -> None:
        """Wait for the encoder. appsrc's own ``block`` would wait for ever behind a full disk."""
        waited_ns = 0
        limit_bytes = _QUEUE_PICTURES * math.prod(self._shape)
        while True:
            full = self._input.get_property("current-level-bytes") >= limit_bytes
            reason = bus_error(self._pipeline, _POLL_NS if full else 0)
            if reason is not None:
                raise self._failure("could not be written", reason)
            if not full:
                return
            waited_ns += _POLL_NS
            if waited_ns >= _STALL_NS:
                raise self._failure("could not be written in time")

    def _failure(self, what: str, reason: str | None = None) -> SinkError:
        reason = reason or bus_error(self._pipeline) or "GStreamer gave no reason"
        self._abandon()
        return SinkError(f"{self._path} {what}: {reason.rstrip('.')}")

    def _abandon(self) -> None:
        self._closed = True
        stop(self._pipeline)


@library_callback
def _merge(pad: Any, info: Any) -> Any:  # noqa: ANN401 - gi has no types
    """Put a fragment whose samples are one run in the place of one whose samples are many."""
    buffer = info.get_buffer()
    if buffer.extract_dup(4, 4) != b"moof":
        return Gst.PadProbeReturn.OK
    fragment = buffer.extract_dup(0, buffer.get_size())
    merged = merge_runs(fragment)
    if merged == fragment:
        return Gst.PadProbeReturn.OK
    pad.push(Gst.Buffer.new_wrapped(merged))  # comes by here again; a failure is on the bus
    return Gst.PadProbeReturn.DROP
