"""What a container holds before anything is decoded: how many pictures are due, which are damaged.

A decoder conceals what it misses: it leaves pictures out, or makes them up from others, up to the
next key picture. So the coded pictures are looked at as the demuxer hands them over. One that is
not whole spoils all that follow it in the order of decoding, until the next whole key picture.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edgecrack.gst.nal import is_whole, length_bytes
from edgecrack.gst.runtime import Gst

_PICTURE_EACH = frozenset({"video/x-h264", "video/x-h265", "image/jpeg"})
"""Codecs whose containers keep one shown picture a buffer; others have hidden or packed ones."""

_PROBED = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
_ENDS_EACH_TRACK = "qtdemux"  # of the others only the longest track is known
_LEAST_SHORTFALL_NS = 500_000_000  # edit lists and rounded durations move an end by less


@dataclass(slots=True)
class _Track:
    """One video track, as seen so far.

    Attributes:
        due: Pictures that the demuxer handed over and a decoder should show.
        spoiled_ns: Times of those that are damaged or follow a damaged one.
        end_ns: Where the last of them ends.
        segment: What part of the track is to be shown.
        has_own_end: Whether the end of that part is the track's own and not the longest track's.
        unit_length_bytes: How many bytes hold the length of a NAL unit, or None.
        is_counted: Whether each buffer is one picture.
        is_spoiled: Whether a damaged picture came and no key picture after it.
        whole_from_ns: Time of the last key picture that ended the damage before it.
    """

    has_own_end: bool = False
    due: int = 0
    spoiled_ns: set[int] = field(default_factory=set)
    first_ns: int | None = None
    end_ns: int = 0
    segment: Any = None
    unit_length_bytes: int | None = None
    is_counted: bool = False
    is_spoiled: bool = False
    whole_from_ns: int = 0

    def take_event(self, event: Any) -> None:  # noqa: ANN401 - gi has no types
        """Note what part is to be shown, and how pictures are coded."""
        if event.type == Gst.EventType.SEGMENT:
            self.segment = event.parse_segment().copy()
        elif event.type == Gst.EventType.CAPS:
            caps = event.parse_caps().get_structure(0)
            media, configuration = caps.get_name(), caps.get_value("codec_data")
            record = b"" if configuration is None else _bytes(configuration)
            self.unit_length_bytes = length_bytes(media, record)
            self.is_counted = media in _PICTURE_EACH

    def take_picture(self, buffer: Any) -> None:  # noqa: ANN401
        """Count a coded picture, and look whether it is whole."""
        time_ns, duration_ns = buffer.pts, buffer.duration
        if Gst.CLOCK_TIME_NONE in (time_ns, duration_ns) or not self.is_counted:
            return
        self._look_for_damage(buffer)
        self.first_ns = time_ns if self.first_ns is None else self.first_ns
        # What is shown before the first in the order of decoding refers to something cut away.
        if self._is_shown(time_ns, duration_ns) and time_ns >= self.first_ns:
            self.due += 1
            self.end_ns = max(self.end_ns, time_ns + duration_ns)

    def due_in_all(self) -> int:
        """How many pictures are due, with those that the demuxer never reached."""
        if not self.due or self.first_ns is None or self.segment is None or not self.has_own_end:
            return self.due
        if self.segment.stop == Gst.CLOCK_TIME_NONE:
            return self.due
        unreached_ns: int = self.segment.stop - self.end_ns
        if unreached_ns < _LEAST_SHORTFALL_NS:
            return self.due
        step_ns = (self.end_ns - self.first_ns) / self.due
        return self.due + round(unreached_ns / step_ns)

    def _look_for_damage(self, buffer: Any) -> None:  # noqa: ANN401
        if self.unit_length_bytes is None:
            return
        if not is_whole(_bytes(buffer), self.unit_length_bytes):
            self.is_spoiled = True
        elif self.is_spoiled and not buffer.has_flags(Gst.BufferFlags.DELTA_UNIT):
            self.is_spoiled, self.whole_from_ns = False, buffer.pts
        # Shown before that key picture but decoded after it: it may refer to the damage as well.
        if self.is_spoiled or buffer.pts < self.whole_from_ns:
            self.spoiled_ns.add(buffer.pts)

    def _is_shown(self, time_ns: int, duration_ns: int) -> bool:
        if self.segment is None:
            return True
        is_inside, _start, _stop = self.segment.clip(
            Gst.Format.TIME, time_ns, time_ns + duration_ns
        )
        return bool(is_inside)


class CodedPictures:
    """The coded pictures of every video track of a pipeline, by the stream's identity."""

    def __init__(self, pipeline: Any) -> None:  # noqa: ANN401 - gi has no types
        """Look at whatever the demuxers of this pipeline, which does not run yet, hand over."""
        self._tracks: dict[str, _Track] = {}
        pipeline.connect("deep-element-added", self._on_element)

    def is_spoiled(self, stream_id: str, time_ns: int) -> bool:
        """Tell whether the picture of this time cannot have been decoded as it was taken."""
        track = self._tracks.get(stream_id)
        return track is not None and time_ns in track.spoiled_ns

    def due(self, stream_id: str) -> int:
        """How many pictures the track holds by its own account; 0 where it gives none."""
        track = self._tracks.get(stream_id)
        return 0 if track is None else track.due_in_all()

    def _on_element(self, _pipeline: Any, _bin: Any, element: Any) -> None:  # noqa: ANN401
        factory = element.get_factory()
        if factory is not None and "Demux" in (factory.get_metadata("klass") or ""):
            element.connect("pad-added", self._on_pad)

    def _on_pad(self, demuxer: Any, pad: Any) -> None:  # noqa: ANN401
        pad.add_probe(_PROBED, self._on_data)
        self._track(pad).has_own_end = demuxer.get_factory().get_name() == _ENDS_EACH_TRACK
        for kind in (Gst.EventType.CAPS, Gst.EventType.SEGMENT):
            event = pad.get_sticky_event(kind, 0)
            if event is not None:
                self._track(pad).take_event(event)

    def _on_data(self, pad: Any, info: Any) -> Any:  # noqa: ANN401
        if info.type & Gst.PadProbeType.BUFFER:
            self._track(pad).take_picture(info.get_buffer())
        else:
            self._track(pad).take_event(info.get_event())
        return Gst.PadProbeReturn.OK

    def _track(self, pad: Any) -> _Track:  # noqa: ANN401
        return self._tracks.setdefault(pad.get_stream_id() or "", _Track())


def _bytes(buffer: Any) -> bytes:  # noqa: ANN401
    return bytes(buffer.extract_dup(0, buffer.get_size()))
