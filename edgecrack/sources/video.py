"""Frames from whatever GStreamer can play: files, servers, cameras and a test picture."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError, InputError
from edgecrack.gst.reader import Reader
from edgecrack.records import Frame
from edgecrack.sources import SourceCounts, SourceInfo, SourceRequest
from edgecrack.sources.address import Kind, parse_address, redact
from edgecrack.sources.file_size import claimed_bytes
from edgecrack.sources.pipeline_specs import pipeline_spec

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgecrack.gst.reader import PipelineSpec, Sample

_MISSED_NS, _MISSED_SHARE = 1_000_000_000, 0.1


class VideoSource:
    """Frames of one video, in order.

    Attributes:
        info: What is known of it.
    """

    def __init__(self, request: SourceRequest) -> None:
        """Open it and wait for the first picture; see ``open_source`` for what may go wrong."""
        address = parse_address(request.spec)
        self._path = Path(address.target) if address.kind is Kind.FILE else None
        self._name = address.name
        feed = pipeline_spec(address, live=request.live)
        self._yielded, self._delivered, self._end_ns = 0, 0, 0
        size_px = (request.input_width_px, request.input_height_px)
        self._reader = Reader(feed, *size_px, request.region)
        try:
            self._first = self._pull()
            self.info = self._inform(request, feed)
        except EdgecrackError:
            self.close()
            raise

    def __iter__(self) -> Iterator[Frame]:
        """Yield every frame; see ``Source``."""
        shot, self._first = self._first, None
        shot = shot or self._pull()
        while shot is not None:
            self._yielded, self._delivered = self._yielded + 1, shot.index + 1
            self._end_ns = shot.pts_ns + shot.duration_ns
            yield self._frame(shot)
            shot = self._pull()
        self._refuse_a_cut_file()

    def counts(self) -> SourceCounts:
        """Count what was delivered and what was dropped, so far."""
        return SourceCounts(self._delivered, self._delivered - self._yielded)

    def unreadable(self) -> int:
        """Return 0: a video picture that cannot be decoded is never delivered."""
        return 0

    def close(self) -> None:
        """Stop the pipeline; safe to call twice."""
        self._reader.close()

    def _pull(self) -> Sample | None:
        try:
            return self._reader.pull()
        except InputError as error:
            cut = self._cut()
            if self._yielded == 0:
                raise InputError(f"{error}; {cut}" if cut else str(error)) from error
            raise InputError(f"{error}, after {self._yielded} frames") from error
        except EdgecrackError as error:  # a server's own words may hold the address
            raise type(error)(redact(str(error))) from error

    def _inform(self, request: SourceRequest, feed: PipelineSpec) -> SourceInfo:
        layout, made_ns = self._reader.layout, self._reader.made_ns
        if self._first is None or layout is None:
            raise InputError(f"{self._name} cannot be read as video: it holds no picture")
        start_ns, time_source = request.start_ns, "argument"
        if start_ns is None and feed.is_live:
            time_source = "clock"
        elif start_ns is None:
            start_ns, time_source = made_ns, "none" if made_ns is None else "container"
        return SourceInfo(
            name=self._name,
            width_px=layout.width_px,
            height_px=layout.height_px,
            evidence_width_px=layout.evidence_width_px,
            evidence_height_px=layout.evidence_height_px,
            region=layout.region,
            fps=self._reader.fps,
            live=feed.is_live,
            start_ns=start_ns,
            duration_ns=None if feed.is_live else self._reader.duration_ns,
            time_source=time_source,
        )

    def _frame(self, shot: Sample) -> Frame:
        captured_ns, monotonic_ns = None, shot.arrived_ns
        if self.info.live:
            monotonic_ns = shot.taken_ns
        if self.info.start_ns is not None:
            captured_ns = self.info.start_ns + shot.pts_ns
        elif self.info.live:
            # Asked anew for each frame: a unit's clock is often set while it already runs.
            captured_ns = monotonic_ns + time.time_ns() - time.monotonic_ns()
        return Frame(
            index=shot.index,
            pts_ns=shot.pts_ns,
            captured_ns=captured_ns,
            monotonic_ns=monotonic_ns,
            image=shot.image,
            evidence=shot.evidence,
        )

    def _refuse_a_cut_file(self) -> None:
        """Demuxers end quietly where the bytes end: compare with what the file promised."""
        cut = self._cut()
        if cut is not None:
            raise InputError(f"{self._name} breaks off after {self._yielded} frames: {cut}")
        if self._path is None:
            return
        missed_ns = self._reader.shortfall_ns(self._end_ns)
        if missed_ns > max(_MISSED_NS, _MISSED_SHARE * (missed_ns + self._end_ns)):
            rest = f"its last {missed_ns / 1e9:.1f} s cannot be read"
            raise InputError(f"{self._name} breaks off after {self._yielded} frames: {rest}")

    def _cut(self) -> str | None:
        """Say how much of a cut file is there; None when it is whole or makes no claim."""
        if self._path is None:
            return None
        claimed, found = claimed_bytes(self._path), self._path.stat().st_size
        is_cut = claimed is not None and claimed > found
        return f"only {found} of at least {claimed} bytes are there" if is_cut else None
