"""One pipeline from anything with pictures to two sizes of each: the network's and the evidence."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from edgecrack.errors import EdgecrackError, InputError, SourceError
from edgecrack.gst import chain, hardware_chain
from edgecrack.gst.buffers import view, wrap
from edgecrack.gst.bus import Bus
from edgecrack.gst.coded_pictures import CodedPictures, has_audio
from edgecrack.gst.decoders import Decoders
from edgecrack.gst.element_settings import set_up, set_up_network
from edgecrack.gst.frame_numbers import FrameNumbers
from edgecrack.gst.frame_times import FrameTimes, known
from edgecrack.gst.gate import Gate
from edgecrack.gst.geometry import frame_geometry, image_is_evidence
from edgecrack.gst.hardware import rank_decoders
from edgecrack.gst.orientation import Upright
from edgecrack.gst.picture_sizes import PictureSizes
from edgecrack.gst.reference_time import reference_ns
from edgecrack.gst.renegotiation import contain
from edgecrack.gst.runtime import Gst, launch, stop
from edgecrack.gst.sample import Sample
from edgecrack.signal_delivery import library_callback

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edgecrack.gst.chain import PipelineSpec
    from edgecrack.records import FrameGeometry, Region, RgbImage

_EVENT = Gst.PadProbeType.EVENT_DOWNSTREAM
_SLICE_NS = 250_000_000
_IDLE_SLICES = 2  # so long without a thread at work on it, a file will never begin


class Reader:
    """Pull pictures from a pipeline, paired, numbered and timed.

    Both branches are fed by one thread and drop nothing, so the n-th picture of one belongs to the
    n-th of the other, whatever their times are.

    Attributes:
        decoders: What decodes, of use after the first picture, or why it does not.
        fps: Frames a second by the stream's own account; None where it gives none.
    """

    def __init__(
        self,
        spec: PipelineSpec,
        inputs_px: Sequence[tuple[int, int]],
        region: Region | None = None,
    ) -> None:
        """Start the pipeline.

        Args:
            spec: The source.
            inputs_px: Width and height of each input to choose from, by the first picture.
            region: What the network sees of the picture; None means all of it.
        """
        self._spec = spec
        self._sizes = PictureSizes(region, inputs_px)
        self._numbers = FrameNumbers()
        # Of the pictures behind the queue: their geometry, and the input they are scaled for.
        self._fits: deque[tuple[FrameGeometry, tuple[int, int]]] = deque()
        self._entering_px, self._is_turned = (0, 0), False
        self._times = FrameTimes()
        self._closed = False
        self._probes: list[tuple[Any, int]] = []
        self._damaged = 0
        self._stream_id = ""
        self.fps: float | None = None
        rank_decoders(is_hardware=spec.is_hardware)
        way = hardware_chain if spec.is_hardware else chain
        self._fitting = way.fit
        self._pipeline = launch(way.reader_chain(spec))
        self._bus = Bus(self._pipeline)
        self.decoders = Decoders(self._pipeline, self._bus, spec)
        self._upright = Upright(self._pipeline) if spec.is_hardware else None
        self._coded = CodedPictures(self._pipeline)
        queue = self._pipeline.get_by_name("latest")
        self._gate = Gate(lambda: queue.get_property("current-level-buffers") > 0)
        self._image_sink = self._pipeline.get_by_name("image")
        self._evidence_sink = self._pipeline.get_by_name("evidence")
        self._prepare()
        self._pipeline.set_state(Gst.State.PLAYING)  # a failure is on the bus

    @property
    def input_px(self) -> tuple[int, int] | None:
        """Width and height of the network's input; None before the first picture."""
        return self._sizes.input_px

    @property
    def made_ns(self) -> int | None:
        """UTC at which the container says it was made, or None."""
        return self._bus.made_ns

    @property
    def duration_ns(self) -> int | None:
        """How long the container says it plays, or None; of use after the first picture."""
        is_known, duration_ns = self._pipeline.query_duration(Gst.Format.TIME)
        return duration_ns if is_known and duration_ns > 0 else None

    @property
    def delivered(self) -> int:
        """How many pictures the decoder has delivered so far."""
        return self._numbers.count

    def samples(self) -> Iterator[Sample | None]:
        """Yield each picture as it comes, and None for each quarter second without one.

        Raises:
            RegionError: The region reaches outside the picture.
            InputError: A file is broken, or yields nothing for too long.
            SourceError: A camera or server failed, ended, or sent nothing for too long.
        """
        while True:
            self._gate.ask()
            for image in self._awaited(self._image_sink):
                if image is not None:
                    break
                yield None
            else:
                if self._spec.is_endless and not self._closed:
                    raise self._failure("it stopped sending")
                return
            self.decoders.refuse_a_stand_in()
            geometry, input_px = self._fits.popleft()
            is_evidence = image_is_evidence(geometry, input_px)
            evidence = image if is_evidence else self._evidence_sample()
            if evidence is None:  # closed in between
                return
            yield self._paired(image, evidence, geometry, input_px)

    def pull(self) -> Sample | None:
        """Return the next picture, or None after the last; raises what ``samples`` raises."""
        return next((sample for sample in self.samples() if sample is not None), None)

    def push(self, picture: RgbImage, pts_ns: int) -> None:
        """Hand in a picture where the source is an ``appsrc`` named ``source``."""
        height_px, width_px, _ = picture.shape
        caps = f"{chain.rgb_caps(width_px, height_px)},framerate=0/1"
        sample = Gst.Sample.new(wrap(picture, pts_ns), Gst.Caps.from_string(caps), None, None)
        self._pipeline.get_by_name("source").push_sample(sample)

    def refit(self, input_px: tuple[int, int]) -> None:
        """Scale the next picture that leaves the queue, and all after it, for another input.

        None is lost: those that left it before come as they are.
        """
        self._sizes.wanted_px = input_px

    def shortfall_ns(self, end_ns: int) -> int:
        """How much of the container's duration is missing behind ``end_ns``; 0 where unknown.

        With an audio track it is unknown: the duration may be the audio's.
        """
        if self.duration_ns is None or has_audio(self._pipeline):
            return 0
        return max(0, self.duration_ns - end_ns)

    def close(self) -> None:
        """Stop at once; safe to call twice. Pictures already pulled stay valid."""
        self._closed = True
        self._gate.open()
        stop(self._pipeline)
        # A probe keeps this object, which keeps the pipeline: a cycle Python cannot see.
        while self._probes:
            pad, number = self._probes.pop()
            pad.remove_probe(number)

    def missing(self, *, has_ended: bool) -> int:
        """How many pictures the source should have shown and did not show whole, so far.

        Args:
            has_ended: Whether no more will come, so that whatever the container still owes counts.
        """
        if not has_ended:
            return self._damaged
        return self._coded.missing(self._stream_id, self._numbers.count, self._damaged)

    def _prepare(self) -> None:
        source = self._pipeline.get_by_name("source")
        for name, value in self._spec.settings:
            source.set_property(name, value)
        if source.find_property("uri") is not None:
            source.connect("source-setup", set_up_network)
        self._pipeline.connect("deep-element-added", set_up)
        head, queue = map(self._pipeline.get_by_name, ("head", "latest"))
        contain(queue.get_static_pad("src"))
        self._watch(queue.get_static_pad("sink"), Gst.PadProbeType.BUFFER, self._on_enter)
        self._watch(queue.get_static_pad("src"), Gst.PadProbeType.BUFFER, self._on_leave)
        self._watch(queue.get_static_pad("src"), _EVENT, self._on_event)
        self._watch(head.get_static_pad("sink"), _EVENT, self._on_head)

    def _watch(self, pad: Any, kind: Any, probe: Callable[[Any, Any], Any]) -> None:  # noqa: ANN401
        self._probes.append((pad, pad.add_probe(kind, probe)))

    @library_callback
    def _on_enter(self, pad: Any, info: Any) -> Any:  # noqa: ANN401 - gi has no types
        buffer = info.get_buffer()
        self._stream_id = self._stream_id or pad.get_stream_id() or ""
        is_spoiled = self._coded.is_spoiled(self._stream_id, buffer.pts)
        if is_spoiled or buffer.has_flags(Gst.BufferFlags.CORRUPTED):
            self._damaged += 1
            return Gst.PadProbeReturn.DROP
        self._numbers.enter(hash(buffer), time.monotonic_ns())
        return Gst.PadProbeReturn.OK

    @library_callback
    def _on_leave(self, _pad: Any, info: Any) -> Any:  # noqa: ANN401
        if self._spec.is_live and not self._gate.admits():
            return Gst.PadProbeReturn.DROP
        # Here, in the thread that carries the pictures and between two of them, none is on its way
        # that would be of the one size at one element and of the other at the next.
        if (change := self._sizes.refit()) is not None:
            self._fit(*change)
        geometry, input_px = self._sizes.admit(), self._sizes.input_px
        if geometry is None or input_px is None:
            self._gate.ask()
            return Gst.PadProbeReturn.DROP
        self._numbers.leave(hash(info.get_buffer()))
        self._fits.append((geometry, input_px))
        return Gst.PadProbeReturn.OK

    @library_callback
    def _on_event(self, _pad: Any, info: Any) -> Any:  # noqa: ANN401
        """Fit both branches to each new size of picture, just before its first picture."""
        event = info.get_event()
        if event.type != Gst.EventType.CAPS:
            return Gst.PadProbeReturn.OK
        caps = event.parse_caps().get_structure(0)
        size_px = caps.get_value("width"), caps.get_value("height")
        is_turned = size_px != self._entering_px and size_px == self._entering_px[::-1]
        self._is_turned = self._is_turned or is_turned
        is_known, numerator, denominator = caps.get_fraction("framerate")
        if is_known and numerator:
            self.fps = numerator / denominator
            self._times.step_ns = 10**9 * denominator // numerator
        self._fit(*self._sizes.announce(*size_px))
        return Gst.PadProbeReturn.OK

    def _fit(self, geometry: FrameGeometry, input_px: tuple[int, int]) -> None:
        for change in self._fitting(geometry, input_px):
            element = self._pipeline.get_by_name(change.element)
            Gst.util_set_object_arg(element, change.name, change.value)

    @library_callback
    def _on_head(self, _pad: Any, info: Any) -> Any:  # noqa: ANN401
        event = info.get_event()
        if event.type == Gst.EventType.CAPS:
            caps = event.parse_caps().get_structure(0)
            self._entering_px = caps.get_value("width"), caps.get_value("height")
        if self._upright is not None:
            self._upright.take(event)
        return Gst.PadProbeReturn.OK

    def _refuse_entering_size(self) -> None:
        """Say so where a new size is at fault: too small for the region, it never gets through."""
        if self._sizes.region is not None and self._sizes.geometry is not None:
            width_px, height_px = self._entering_px
            size_px = (height_px, width_px) if self._is_turned else (width_px, height_px)
            frame_geometry(*size_px, self._sizes.region)

    def _awaited(self, sink: Any) -> Iterator[Any]:  # noqa: ANN401
        """Yield None for each slice of waiting, then the next sample; nothing after the end.

        What was decoded comes before any failure.
        """
        begun_ns, idle_slices = time.monotonic_ns(), 0
        while (sample := sink.try_pull_sample(_SLICE_NS)) is None:
            problem = self._bus.listen()
            if self._sizes.refusal is not None:
                raise self._sizes.refusal
            if problem is not None:
                self._refuse_entering_size()
                raise self._failure(problem)
            if sink.get_property("eos"):
                return
            idle_slices = idle_slices + 1 if self._is_dead() else 0
            if idle_slices >= _IDLE_SLICES:
                raise self._failure("no picture could be found in it")
            if time.monotonic_ns() - begun_ns > self._spec.stall_ns:
                raise self._failure(f"stalled: no picture for {self._spec.stall_ns / 1e9:g} s")
            yield None
        self._bus.listen()
        yield sample

    def _evidence_sample(self) -> Any:  # noqa: ANN401
        """Return the other size of a picture; None once this is closed."""
        return next((e for e in self._awaited(self._evidence_sink) if e is not None), None)

    def _paired(
        self,
        image: Any,  # noqa: ANN401
        evidence: Any,  # noqa: ANN401
        geometry: FrameGeometry,
        input_px: tuple[int, int],
    ) -> Sample:
        number, picture = self._numbers.take(), view(image)
        if image.get_buffer().pts != evidence.get_buffer().pts:
            raise EdgecrackError(f"{self._spec.name}: the two sizes of a picture came apart")
        base_ns = self._pipeline.get_base_time()
        pts_ns, taken_ns = self._times.of(image, number.arrived_ns, base_ns)
        has_time = self._times.step_ns > 0 or known(image.get_buffer().pts) is not None
        return Sample(
            index=number.index,
            pts_ns=pts_ns,
            has_time=has_time,
            duration_ns=known(image.get_buffer().duration) or 0,
            arrived_ns=number.arrived_ns,
            taken_ns=taken_ns,
            reference_ns=reference_ns(image.get_buffer()),
            image=picture,
            evidence=picture if evidence is image else view(evidence),
            geometry=geometry,
            input_px=input_px,
        )

    def _is_dead(self) -> bool:
        """Whether a file will never begin: nothing came, and no thread is at work on it.

        decodebin swallows an error that a demuxer posts while it is being plugged in.
        """
        entrance = self._pipeline.get_by_name("latest").get_static_pad("sink")
        has_ended = entrance.get_sticky_event(Gst.EventType.EOS, 0) is not None
        if self._spec.may_return or has_ended or self._numbers.count:
            return False
        source = self._pipeline.get_by_name("source")
        elements = source.iterate_recurse() if isinstance(source, Gst.Bin) else [source]
        pads = (pad for element in elements for pad in element.iterate_pads())
        return all(pad.get_task_state() != Gst.TaskState.STARTED for pad in pads)

    def _failure(self, reason: str) -> EdgecrackError:
        if self.decoders.tried_hardware and self._numbers.count == 0:
            reason = f"{reason} (in hardware; --decoder software decodes on the processor)"
        if self._spec.may_return:
            return SourceError(f"{self._spec.name} gives no pictures: {reason}")
        return InputError(f"{self._spec.name} cannot be read as video: {reason}")
