"""Frames from whatever GStreamer can play: files, servers, cameras and a test picture."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.clock import CLOCKS_DIFFER_NS
from edgecrack.errors import EdgecrackError, InputError, SourceError, UsageError
from edgecrack.gst.decoder_choice import DecoderChoice, choose_decoder
from edgecrack.gst.hardware import properties_of
from edgecrack.gst.hardware_chain import CONVERTER, DECODER
from edgecrack.gst.reader import Reader
from edgecrack.records import Frame
from edgecrack.sources import SourceCounts, SourceInfo, SourceSpec
from edgecrack.sources.address import Address, Kind, parse_address
from edgecrack.sources.connection import connection_problem
from edgecrack.sources.file_size import claimed_bytes
from edgecrack.sources.lateness import Promptness
from edgecrack.sources.pipeline_specs import in_hardware, pipeline_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from edgecrack.gst.sample import Sample

_MISSED_NS, _MISSED_SHARE = 1_000_000_000, 0.1


_BOUND = frozenset({Kind.STREAM, Kind.CAMERA, Kind.CSI})
"""What gives pictures of now: those of a file, or of a server that has one, have no age."""


class VideoSource:
    """Frames of one video, in order.

    Attributes:
        info: What is known of it.
    """

    def __init__(
        self,
        spec: SourceSpec,
        inputs_px: Sequence[tuple[int, int]],
        is_wanted: Callable[[], bool] = lambda: True,
    ) -> None:
        """Open it and wait for the first picture; see ``open_source`` for what may go wrong.

        Args:
            spec: What to open.
            inputs_px: Width and height of each input that the network can have.
            is_wanted: Asked while it waits; once it says no, opening fails.
        """
        self._is_wanted = is_wanted
        address = parse_address(spec.address)
        self._path = Path(address.target) if address.kind is Kind.FILE else None
        self._server = address.target if address.kind in (Kind.SERVER, Kind.STREAM) else None
        self._name = address.name
        pipeline = pipeline_spec(address, live=spec.live)
        self._choice = _decoder_choice(spec, address)
        self._yielded, self._delivered, self._end_ns, self._server_timed = 0, 0, 0, 0
        self._before_start = self._yielded_before_start = 0
        self._promptness = Promptness(spec, is_bound=pipeline.is_live and address.kind in _BOUND)
        self._has_ended = self._is_closed = False
        self._may_return = pipeline.may_return
        # Before anything is read: a file that is cut while it is read would claim less then.
        self._claimed_bytes = None if self._path is None else claimed_bytes(self._path)

        def opened(choice: DecoderChoice) -> Reader:
            way = in_hardware(pipeline, address, is_hardware=choice.is_hardware)
            return Reader(way, inputs_px, spec.region)

        self._reader = opened(self._choice)
        try:
            self._first: Sample | None = self._await_first_either_way(spec, opened)
            self._refuse_other_decoder(spec)
            self.info = self._info(spec, is_live=pipeline.is_live)
        except BaseException:  # also Ctrl-C
            self.close()
            raise

    def __iter__(self) -> Iterator[Frame | None]:
        """Yield every frame; see ``Source``."""
        self._before_start = self._reader.delivered
        for sample in self._with_first():
            if sample is None:
                if self.info.live:
                    yield None
                continue
            self._delivered = sample.index + 1
            if not self._promptness.admits(sample, self.info.name, self._before_start):
                yield None
                continue
            self._yielded += 1
            self._yielded_before_start += sample.index < self._before_start
            self._end_ns = sample.pts_ns + sample.duration_ns
            yield self._frame(sample)
        if not self._is_closed:
            self._has_ended = True
            self._refuse_what_is_missing()

    def counts(self) -> SourceCounts:
        """Count what was delivered and what was dropped, so far."""
        missing = self._reader.missing(has_ended=self._has_ended)
        opening = min(self._before_start, self._delivered) - self._yielded_before_start
        dropped = self._delivered - self._yielded
        return SourceCounts(
            self._delivered,
            dropped,
            stale=self._promptness.stale,
            opening=opening,
            missing=missing,
            server_timed=self._server_timed,
        )

    def refit(self, input_px: tuple[int, int]) -> None:
        """Scale what follows for another input; see ``Source``."""
        self.info = replace(self.info, input_px=input_px)
        self._reader.refit(input_px)

    def close(self) -> None:
        """Stop the pipeline; safe to call twice."""
        self._is_closed = True
        self._reader.close()

    def _with_first(self) -> Iterator[Sample | None]:
        first, self._first = self._first, None
        if first is not None:
            yield first
        yield from self._explained()

    def _await_first_either_way(
        self, spec: SourceSpec, opened: Callable[[DecoderChoice], Reader]
    ) -> Sample:
        """Wait for the first picture; ``auto`` goes to the processor where the hardware refuses.

        Each opening tries the hardware first, for its refusal may pass.
        """
        try:
            return self._await_first()
        except EdgecrackError:
            refusal = self._reader.decoders.refusal()
            if refusal is None or spec.decoder != "auto":
                raise
        self._reader.close()
        self._choice = DecoderChoice(is_hardware=False, why=f"{DECODER} refuses it: {refusal}")
        self._reader, self._has_ended = opened(self._choice), False
        return self._await_first()

    def _await_first(self) -> Sample:
        try:
            first = next(filter(None, self._while_wanted()), None)
        except SourceError as error:
            is_worth_asking = self._server is not None and self._is_wanted()
            problem = connection_problem(self._server or "") if is_worth_asking else None
            if problem is None:
                raise
            raise SourceError(f"{self._name} gives no pictures: {problem}") from error
        if first is None:
            none = "it holds no picture"
            if self._reader.decoders.tried_hardware:
                none += " that the hardware decodes; --decoder software decodes on the processor"
            raise InputError(f"{self._name} cannot be read as video: {none}")
        return first

    def _while_wanted(self) -> Iterator[Sample | None]:
        for sample in self._explained():
            yield sample
            if not self._is_wanted():
                raise SourceError(f"{self._name} is not wanted any more")

    def _explained(self) -> Iterator[Sample | None]:
        """Yield what the reader yields; what it raises is told with what is known here."""
        try:
            yield from self._reader.samples()
        except InputError as error:
            self._has_ended = True
            cut = self._cut()
            if self._yielded == 0:
                raise InputError(f"{error}; {cut}" if cut else str(error)) from error
            raise InputError(f"{error}, after {self._yielded} frames") from error

    def _info(self, spec: SourceSpec, *, is_live: bool) -> SourceInfo:
        made_ns = self._reader.made_ns
        start_ns, time_source = spec.start_ns, "argument"
        if start_ns is None and is_live:
            time_source = "clock"
        elif start_ns is None:
            start_ns, time_source = made_ns, "none" if made_ns is None else "container"
        return SourceInfo(
            name=self._name,
            fps=self._reader.fps,
            live=is_live,
            start_ns=start_ns,
            duration_ns=None if is_live else self._reader.duration_ns,
            time_source=time_source,
            input_px=self._reader.input_px,
            expected_frames=None if is_live else _frames(self._reader),
            decoder=self._decoder(),
            decoder_choice=self._choice.why,
        )

    def _decoder(self) -> str:
        """Say what decodes and scales."""
        decoder = self._reader.decoders.name
        if not self._choice.is_hardware:
            return f"software: {decoder}" if decoder else "software"
        if decoder in ("", DECODER):
            return f"hardware: {', '.join(filter(None, (decoder, CONVERTER)))}"
        return f"software: {decoder}; hardware: {CONVERTER}"

    def _refuse_other_decoder(self, spec: SourceSpec) -> None:
        """Refuse video that the hardware cannot decode, where it is asked for."""
        decoder = self._reader.decoders.name
        if spec.decoder == "hardware" and decoder not in ("", DECODER):
            raise UsageError(
                f"{self._name} is to be decoded in hardware, but {DECODER} does not take such "
                f"video and {decoder} does: use --decoder auto, which scales it in hardware all "
                "the same"
            )

    def _frame(self, sample: Sample) -> Frame:
        captured_ns, monotonic_ns = None, sample.arrived_ns
        if self.info.live:
            monotonic_ns = sample.taken_ns
        if self.info.start_ns is not None:
            captured_ns = self.info.start_ns + sample.pts_ns if sample.has_time else None
        elif self.info.live:
            # Asked anew for each frame: a unit's clock is often set while it already runs.
            captured_ns = monotonic_ns + time.time_ns() - time.monotonic_ns()
            said_ns = sample.reference_ns
            if said_ns is not None and abs(said_ns - captured_ns) <= CLOCKS_DIFFER_NS:
                captured_ns = said_ns
                self._server_timed += 1
        return Frame(
            index=sample.index,
            pts_ns=sample.pts_ns,
            captured_ns=captured_ns,
            monotonic_ns=monotonic_ns,
            image=sample.image,
            evidence=sample.evidence,
            geometry=sample.geometry,
            server_ns=sample.reference_ns if self.info.live else None,
            input_px=sample.input_px,
        )

    def _refuse_what_is_missing(self) -> None:
        """Demuxers end quietly where the bytes end, and decoders leave pictures out."""
        cut, missing = self._cut(), self._reader.missing(has_ended=True)
        if cut is not None:
            raise self._broken(f"breaks off after {self._yielded} frames: {cut}")
        if missing:
            raise self._broken(
                f"lacks {missing} of its {missing + self._delivered} frames, which are damaged or "
                "not there; the others were taken: copy it anew from where it was recorded"
            )
        missed_ns = 0 if self.info.live else self._reader.shortfall_ns(self._end_ns)
        if missed_ns > max(_MISSED_NS, _MISSED_SHARE * (missed_ns + self._end_ns)):
            rest = f"its last {missed_ns / 1e9:.1f} s cannot be read"
            raise self._broken(f"breaks off after {self._yielded} frames: {rest}")

    def _broken(self, how: str) -> EdgecrackError:
        kind = SourceError if self._may_return else InputError
        return kind(f"{self._name} {how}")

    def _cut(self) -> str | None:
        """Say how much of a cut file is there; None when it is whole or makes no claim."""
        if self._path is None or self._claimed_bytes is None:
            return None
        try:
            found_bytes = self._path.stat().st_size
        except OSError:  # removed while it was read: what is still open can be read to its end
            return None
        if found_bytes >= self._claimed_bytes:
            return None
        return f"only {found_bytes} of at least {self._claimed_bytes} bytes are there"


def _decoder_choice(spec: SourceSpec, address: Address) -> DecoderChoice:
    if address.kind is Kind.PATTERN and spec.decoder != "hardware":  # the processor makes it
        return DecoderChoice(is_hardware=False, why="")
    is_csi = address.kind is Kind.CSI
    return choose_decoder(spec.decoder, spec.region, properties_of, is_csi=is_csi)


def _frames(reader: Reader) -> int | None:
    if reader.duration_ns is None or reader.fps is None:
        return None
    return round(reader.duration_ns * reader.fps / 1e9)
