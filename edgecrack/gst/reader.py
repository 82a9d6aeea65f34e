"""One pipeline from anything with pictures to two sizes of each: the network's and the evidence."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from edgecrack.errors import EdgecrackError, InputError, SourceError, UsageError
from edgecrack.gst.buffers import view, wrap
from edgecrack.gst.bus import Bus
from edgecrack.gst.frame_numbers import FrameNumbers
from edgecrack.gst.geometry import FrameGeometry, frame_geometry, scaling_method
from edgecrack.gst.runtime import Gst, launch, stop

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.records import Region, RgbImage

_EVENT = Gst.PadProbeType.EVENT_DOWNSTREAM
_SLICE_NS = 250_000_000
FILE_STALL_NS = 60_000_000_000
LIVE_STALL_NS = 15_000_000_000


@dataclass(frozen=True, slots=True)
class PipelineSpec:
    """Where pictures come from, and how to treat them.

    Attributes:
        name: What messages call it; no passwords.
        description: The pipeline's first part, which ends in raw video.
        settings: Properties of its element ``source`` that need no quoting this way.
        is_live: The newest picture wins and the others are dropped; otherwise none is.
        is_paced: Hold pictures back until their time, for a live run over a file.
        is_endless: A camera or a stream: its end is a fault.
        may_return: Its faults may pass, so they are a ``SourceError``.
        stall_ns: How long to wait for a picture.
    """

    name: str
    description: str
    settings: tuple[tuple[str, str | bool], ...] = ()
    is_live: bool = False
    is_paced: bool = False
    is_endless: bool = False
    may_return: bool = False
    stall_ns: int = FILE_STALL_NS


@dataclass(frozen=True, slots=True)
class Sample:
    """One picture as it leaves the pipeline.

    Attributes:
        index: Zero-based count of the pictures the decoder delivered.
        pts_ns: Time within the stream; a picture without one follows its forerunner.
        duration_ns: How long it is shown, 0 where the stream does not say.
        arrived_ns: Monotonic time at which the decoder delivered it.
        taken_ns: Monotonic time that its own time stands for; of use for live sources alone.
        image: The region at the network's size, read-only.
        evidence: The whole picture, read-only.
    """

    index: int
    pts_ns: int
    duration_ns: int
    arrived_ns: int
    taken_ns: int
    image: RgbImage
    evidence: RgbImage


class Reader:
    """Pull pictures from a feed, paired, numbered and timed.

    Pictures are scaled before they are converted, in the decoder's own format: less than half
    of the work. Both branches are fed by one thread and drop nothing, so the n-th picture of one
    belongs to the n-th of the other, whatever their times are.
    """

    def __init__(
        self,
        feed: PipelineSpec,
        input_width_px: int,
        input_height_px: int,
        region: Region | None = None,
    ) -> None:
        """Start the pipeline; ``region`` None means the whole picture."""
        self._feed, self._region = feed, region
        self._input_px = (input_width_px, input_height_px)
        self._stamps = FrameNumbers()
        self._refusal: UsageError | None = None
        self._last_pts_ns: int | None = None
        self._step_ns = 0
        self._closed = False
        self._probes: list[tuple[Any, int]] = []
        self.layout: FrameGeometry | None = None
        self.fps: float | None = None
        self._pipeline = launch(_description(feed))
        self._messages = Bus(self._pipeline)
        self._sinks = [self._pipeline.get_by_name(name) for name in ("image", "evidence")]
        self._prepare()
        self._pipeline.set_state(Gst.State.PLAYING)  # a failure is on the bus

    @property
    def made_ns(self) -> int | None:
        """UTC at which the container says it was made, or None."""
        return self._messages.made_ns

    @property
    def duration_ns(self) -> int | None:
        """How long the container says it plays, or None; of use after the first picture."""
        found, duration_ns = self._pipeline.query_duration(Gst.Format.TIME)
        return duration_ns if found and duration_ns > 0 else None

    def pull(self) -> Sample | None:
        """Return the next picture, or None after the last.

        Raises:
            UsageError: The region reaches outside the picture.
            InputError: A file is broken, or yields nothing for too long.
            SourceError: A camera or server failed, ended, or sent nothing for too long.
        """
        samples = [self._wait_for(sink) for sink in self._sinks]
        if None in samples:
            if self._feed.is_endless and not self._closed:
                raise self._failure("it stopped sending")
            return None
        stamp = self._stamps.take()
        buffers = [sample.get_buffer() for sample in samples]
        if buffers[0].pts != buffers[1].pts:
            raise EdgecrackError(f"{self._feed.name}: the two sizes of a picture came apart")
        pts_ns, taken_ns = self._times(samples[0], stamp.arrived_ns)
        duration_ns = _known(buffers[0].duration) or 0
        image, evidence = (view(sample) for sample in samples)
        return Sample(stamp.index, pts_ns, duration_ns, stamp.arrived_ns, taken_ns, image, evidence)

    def push(self, picture: RgbImage, pts_ns: int) -> None:
        """Hand in a picture where the feed is an ``appsrc`` named ``source``."""
        height_px, width_px, _ = picture.shape
        caps = f"video/x-raw,format=RGB,width={width_px},height={height_px},framerate=0/1"
        sample = Gst.Sample.new(wrap(picture, pts_ns), Gst.Caps.from_string(caps), None, None)
        self._pipeline.get_by_name("source").push_sample(sample)

    def shortfall_ns(self, end_ns: int) -> int:
        """How much of the container's duration is missing behind ``end_ns``; 0 where unknown.

        With an audio track it is unknown: the duration may be the audio's.
        """
        if self.duration_ns is None or _has_audio(self._pipeline):
            return 0
        return max(0, self.duration_ns - end_ns)

    def close(self) -> None:
        """Stop at once; safe to call twice. Pictures already pulled stay valid."""
        self._closed = True
        stop(self._pipeline)
        # A probe keeps this object, which keeps the pipeline: a cycle Python cannot see.
        while self._probes:
            pad, number = self._probes.pop()
            pad.remove_probe(number)

    def _prepare(self) -> None:
        source = self._pipeline.get_by_name("source")
        for name, value in self._feed.settings:
            source.set_property(name, value)
        if source.find_property("uri") is not None:
            source.connect("source-setup", _set_up_network)
        self._pipeline.connect("deep-element-added", _set_up_decoder)
        queue = self._pipeline.get_by_name("latest")
        self._watch(queue.get_static_pad("sink"), Gst.PadProbeType.BUFFER, self._on_enter)
        self._watch(queue.get_static_pad("src"), Gst.PadProbeType.BUFFER, self._on_leave)
        self._watch(queue.get_static_pad("src"), _EVENT, self._on_event)

    def _watch(self, pad: Any, kind: Any, probe: Callable[[Any, Any], Any]) -> None:  # noqa: ANN401
        self._probes.append((pad, pad.add_probe(kind, probe)))

    def _on_enter(self, _pad: Any, info: Any) -> Any:  # noqa: ANN401 - gi has no types
        self._stamps.enter(hash(info.get_buffer()), time.monotonic_ns())
        return Gst.PadProbeReturn.OK

    def _on_leave(self, _pad: Any, info: Any) -> Any:  # noqa: ANN401
        self._stamps.leave(hash(info.get_buffer()))
        return Gst.PadProbeReturn.OK

    def _on_event(self, _pad: Any, info: Any) -> Any:  # noqa: ANN401
        """Fit both branches to each new size of picture, just before its first picture."""
        event = info.get_event()
        if event.type != Gst.EventType.CAPS:
            return Gst.PadProbeReturn.OK
        caps = event.parse_caps().get_structure(0)
        try:
            self.layout = frame_geometry(
                caps.get_value("width"), caps.get_value("height"), self._region
            )
        except UsageError as error:
            self._refusal = error
            return Gst.PadProbeReturn.DROP
        found, numerator, denominator = caps.get_fraction("framerate")
        if found and numerator:
            self.fps, self._step_ns = numerator / denominator, 10**9 * denominator // numerator
        self._fit(self.layout)
        return Gst.PadProbeReturn.OK

    def _fit(self, layout: FrameGeometry) -> None:
        region = layout.region
        crop = self._pipeline.get_by_name("crop")
        crop.set_property("left", region.x_px)
        crop.set_property("top", region.y_px)
        crop.set_property("right", layout.width_px - region.x_px - region.width_px)
        crop.set_property("bottom", layout.height_px - region.y_px - region.height_px)
        whole_px = (layout.width_px, layout.height_px)
        evidence_px = (layout.evidence_width_px, layout.evidence_height_px)
        self._scale("image", (region.width_px, region.height_px), self._input_px)
        self._scale("evidence", whole_px, evidence_px)

    def _scale(self, branch: str, from_px: tuple[int, int], to_px: tuple[int, int]) -> None:
        scale = self._pipeline.get_by_name(f"{branch}-scale")
        Gst.util_set_object_arg(scale, "method", scaling_method(*from_px, *to_px))
        # A fixed pixel aspect keeps an anamorphic source from choosing a size of its own.
        size = f"width={to_px[0]},height={to_px[1]},pixel-aspect-ratio=1/1"
        caps = Gst.Caps.from_string(f"video/x-raw,format=RGB,{size}")
        self._pipeline.get_by_name(f"{branch}-caps").set_property("caps", caps)

    def _wait_for(self, sink: Any) -> Any:  # noqa: ANN401
        """Return the next sample, or None at the end; what was decoded comes before any fault."""
        begun_ns, idle_slices = time.monotonic_ns(), 0
        while (sample := sink.try_pull_sample(_SLICE_NS)) is None:
            fault = self._messages.listen()
            if self._refusal is not None:
                raise self._refusal
            if fault is not None:
                raise self._failure(fault)
            if sink.get_property("eos"):
                return None
            idle_slices = idle_slices + 1 if self._is_dead() else 0
            if idle_slices >= 2:
                raise self._failure("no picture could be found in it")
            if time.monotonic_ns() - begun_ns > self._feed.stall_ns:
                raise self._failure(f"stalled: no picture for {self._feed.stall_ns / 1e9:g} s")
        self._messages.listen()
        return sample

    def _is_dead(self) -> bool:
        """Whether a file will never begin: nothing came, and no thread is at work on it.

        decodebin swallows an error that a demuxer posts while it is being plugged in.
        """
        entrance = self._pipeline.get_by_name("latest").get_static_pad("sink")
        has_ended = entrance.get_sticky_event(Gst.EventType.EOS, 0) is not None
        if self._feed.may_return or has_ended or self._stamps.count:
            return False
        source = self._pipeline.get_by_name("source")
        elements = source.iterate_recurse() if isinstance(source, Gst.Bin) else [source]
        pads = (pad for element in elements for pad in element.iterate_pads())
        return all(pad.get_task_state() != Gst.TaskState.STARTED for pad in pads)

    def _failure(self, reason: str) -> EdgecrackError:
        if self._feed.may_return:
            return SourceError(f"{self._feed.name} gives no pictures: {reason}")
        return InputError(f"{self._feed.name} cannot be read as video: {reason}")

    def _times(self, sample: Any, arrived_ns: int) -> tuple[int, int]:  # noqa: ANN401
        """Return the time within the stream, and the monotonic time it stands for."""
        segment, stamp_ns = sample.get_segment(), _known(sample.get_buffer().pts)
        if stamp_ns is None:
            pts_ns = 0 if self._last_pts_ns is None else self._last_pts_ns + self._step_ns
            taken_ns = arrived_ns
        else:
            # What players show: edit lists and stream offsets are taken out.
            shown_ns = _known(segment.to_stream_time(Gst.Format.TIME, stamp_ns))
            running_ns = _known(segment.to_running_time(Gst.Format.TIME, stamp_ns))
            pts_ns = stamp_ns if shown_ns is None else shown_ns
            base_ns = self._pipeline.get_base_time()
            taken_ns = arrived_ns if running_ns is None else base_ns + running_ns
        self._last_pts_ns = pts_ns
        return pts_ns, min(taken_ns, arrived_ns)


def _description(feed: PipelineSpec) -> str:
    pace = "clocksync ! " if feed.is_paced else ""
    # The only place where pictures may be dropped.
    limit = "max-size-buffers=1 leaky=downstream" if feed.is_live else "max-size-buffers=3"
    sink = "sync=false async=false max-buffers=1 enable-last-sample=false"
    branches = "".join(
        f"split. ! {crop}videoscale name={branch}-scale add-borders=false ! "
        f"videoconvert dither=none ! capsfilter name={branch}-caps ! appsink name={branch} {sink} "
        for branch, crop in (("image", "videocrop name=crop ! "), ("evidence", ""))
    )
    return (
        f"{feed.description} ! videoconvert dither=none ! videoflip video-direction=auto ! {pace}"
        f"queue name=latest max-size-bytes=0 max-size-time=0 {limit} ! tee name=split {branches}"
    )


def _has_audio(pipeline: Any) -> bool:  # noqa: ANN401
    pads = (pad for element in pipeline.iterate_recurse() for pad in element.iterate_pads())
    media = (caps.get_structure(0).get_name() for pad in pads if (caps := pad.get_current_caps()))
    return any(name.startswith("audio/") for name in media)


def _known(time_ns: int) -> int | None:
    return None if time_ns == Gst.CLOCK_TIME_NONE else time_ns


def _set_up_network(_bin: Any, source: Any) -> None:  # noqa: ANN401
    """Prefer TCP for RTSP: a lost packet costs a delay there and a smeared picture over UDP."""
    if source.find_property("protocols") is not None:
        Gst.util_set_object_arg(source, "protocols", "tcp")
        source.set_property("latency", 200)


def _set_up_decoder(_pipeline: Any, _bin: Any, element: Any) -> None:  # noqa: ANN401
    """Let a decoder go on behind a damaged stretch, however long (some versions give up)."""
    if element.find_property("max-errors") is not None:
        element.set_property("max-errors", -1)
