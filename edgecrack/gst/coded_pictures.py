"""What a container holds before anything is decoded: how many pictures are due, which are damaged.

A decoder conceals what it misses: it leaves pictures out, or makes them up from others, up to the
next key picture. So the coded pictures are looked at as the demuxer hands them over. One that is
not whole spoils all that follow it in the order of decoding, until the next whole key picture.

Not seen: bits that changed within a unit and still decode; in Matroska and WebM a loss of fewer
than eight pictures, because their demuxer skips it without a word; in MPEG-TS whatever its decoder
does not mark.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from edgecrack.gst.nal import is_whole, length_bytes
from edgecrack.gst.runtime import Gst
from edgecrack.signal_delivery import library_callback

_PICTURE_EACH = frozenset({"video/x-h264", "video/x-h265", "image/jpeg"})
"""Codecs whose containers keep one shown picture a buffer; others have hidden or packed ones."""

_ENDS_EACH_TRACK = "qtdemux"  # of the others only the end of the longest track is known
_SKIPS_SILENTLY = "matroskademux"  # behind unreadable bytes it goes on at the next cluster
_JUMP_STEPS = 8  # so far apart that no order of decoding explains it
_PROBED = Gst.PadProbeType.BUFFER | Gst.PadProbeType.EVENT_DOWNSTREAM
_LEAST_SHORTFALL_STEPS = 3  # edit lists and rounded durations move the end of a track by less
_LEAST_SHORTFALL_NS = 500_000_000  # and that of the longest track


@dataclass(slots=True)
class _Track:
    """One track, of pictures or of sound, as seen so far.

    Attributes:
        demuxer: The element that hands it over.
        segment: What part of the track is to be shown.
        unit_length_bytes: How many bytes hold the length of a NAL unit, or None.
        is_counted: Whether each buffer is one picture.
        step_ns: Declared time from one picture to the next, or 0.
        due: Pictures that the demuxer handed over and a decoder should show.
        skipped: Pictures that the demuxer never reached between two others.
        spoiled_ns: Times of those that are damaged or follow a damaged one.
        first_ns: Time of the first that was handed over.
        end_ns: Where the last of them ends.
        is_spoiled: Whether a damaged picture came and no key picture after it.
        whole_from_ns: Time of the last key picture that ended the damage before it.
    """

    demuxer: str
    segment: Any = None
    unit_length_bytes: int | None = None
    is_counted: bool = False
    step_ns: int = 0
    due: int = 0
    skipped: int = 0
    spoiled_ns: set[int] = field(default_factory=set)
    first_ns: int | None = None
    end_ns: int = 0
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
            is_known, numerator, denominator = caps.get_fraction("framerate")
            self.step_ns = 10**9 * denominator // numerator if is_known and numerator else 0

    def take_buffer(self, buffer: Any) -> None:  # noqa: ANN401
        """Count a coded picture, and look whether it is whole; of sound only the end matters."""
        time_ns = buffer.pts
        duration_ns = 0 if buffer.duration == Gst.CLOCK_TIME_NONE else buffer.duration
        if time_ns == Gst.CLOCK_TIME_NONE:
            return
        self.first_ns = time_ns if self.first_ns is None else self.first_ns
        self._look_for_skip(time_ns)
        self._look_for_damage(buffer)
        if not self._is_shown(time_ns, duration_ns):
            return
        # What is shown before the first in the order of decoding refers to something cut away.
        if time_ns >= self.first_ns and (duration_ns or self.demuxer == _SKIPS_SILENTLY):
            self.due += self.is_counted
        self.end_ns = max(self.end_ns, time_ns + duration_ns)

    def missing(self, delivered: int, damaged: int, all_end_ns: int) -> int:
        """How many pictures of the whole track were not delivered whole.

        Args:
            delivered: Pictures that were.
            damaged: Pictures that the decoder made and that were left out.
            all_end_ns: Where the last buffer of all tracks ends.
        """
        lost = max(damaged, self.due - delivered) if self.is_counted else damaged
        return lost + self.skipped + self._unreached(all_end_ns)

    def _unreached(self, all_end_ns: int) -> int:
        """How many pictures follow the last one that the demuxer reached."""
        segment = self.segment
        has_own_end = self.demuxer == _ENDS_EACH_TRACK
        if segment is None or self.first_ns is None or not self.due + self.step_ns:
            return 0
        stop_ns: int = segment.stop if has_own_end else segment.duration
        end_ns = self.end_ns if has_own_end else all_end_ns
        step_ns = self.step_ns or (self.end_ns - self.first_ns) / self.due
        least_ns = _LEAST_SHORTFALL_STEPS * step_ns if has_own_end else _LEAST_SHORTFALL_NS
        if not step_ns or stop_ns == Gst.CLOCK_TIME_NONE or stop_ns - end_ns < least_ns:
            return 0
        return round((stop_ns - self.end_ns) / step_ns)

    def _look_for_skip(self, time_ns: int) -> None:
        if self.demuxer != _SKIPS_SILENTLY or not self.step_ns or not self.end_ns:
            return
        skipped = round((time_ns - self.end_ns) / self.step_ns)
        if skipped >= _JUMP_STEPS - 1:
            self.skipped += skipped
            self.is_spoiled = True

    def _look_for_damage(self, buffer: Any) -> None:  # noqa: ANN401
        length = self.unit_length_bytes
        if length is not None and not is_whole(_bytes(buffer), length):
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

    def missing(self, stream_id: str, delivered: int, damaged: int) -> int:
        """How many pictures of a track that has ended were not delivered whole.

        Args:
            stream_id: The track.
            delivered: Pictures that were.
            damaged: Pictures that the decoder made and that were left out.
        """
        track = self._tracks.get(stream_id)
        if track is None:
            return damaged
        all_end_ns = max(other.end_ns for other in self._tracks.values())
        return track.missing(delivered, damaged, all_end_ns)

    @library_callback
    def _on_element(self, _pipeline: Any, _bin: Any, element: Any) -> None:  # noqa: ANN401
        factory = element.get_factory()
        if factory is not None and "Demux" in (factory.get_metadata("klass") or ""):
            element.connect("pad-added", self._on_pad)

    @library_callback
    def _on_pad(self, _demuxer: Any, pad: Any) -> None:  # noqa: ANN401
        pad.add_probe(_PROBED, self._on_data)
        for kind in (Gst.EventType.CAPS, Gst.EventType.SEGMENT):
            event = pad.get_sticky_event(kind, 0)
            if event is not None:
                self._track(pad).take_event(event)

    @library_callback
    def _on_data(self, pad: Any, info: Any) -> Any:  # noqa: ANN401
        if info.type & Gst.PadProbeType.BUFFER:
            self._track(pad).take_buffer(info.get_buffer())
        else:
            self._track(pad).take_event(info.get_event())
        return Gst.PadProbeReturn.OK

    def _track(self, pad: Any) -> _Track:  # noqa: ANN401
        demuxer = pad.get_parent_element().get_factory().get_name()
        return self._tracks.setdefault(pad.get_stream_id() or "", _Track(demuxer))


def has_audio(pipeline: Any) -> bool:  # noqa: ANN401
    """Whether a running pipeline has a track of sound."""
    pads = (pad for element in pipeline.iterate_recurse() for pad in element.iterate_pads())
    media = (caps.get_structure(0).get_name() for pad in pads if (caps := pad.get_current_caps()))
    return any(name.startswith("audio/") for name in media)


def _bytes(buffer: Any) -> bytes:  # noqa: ANN401
    return bytes(buffer.extract_dup(0, buffer.get_size()))
