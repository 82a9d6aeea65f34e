"""Frames from a directory of images, through the same pipeline as video."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.errors import EdgecrackError, InputError, UsageError
from edgecrack.gst.chain import PipelineSpec
from edgecrack.gst.reader import Reader
from edgecrack.image_files import list_images
from edgecrack.printable import printable
from edgecrack.records import Frame
from edgecrack.sources import SourceCounts, SourceInfo, SourceSpec
from edgecrack.sources.address import parse_address
from edgecrack.sources.picture import Picture, load_picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_PIPELINE = "appsrc name=source format=time max-bytes=0"
_AHEAD = 2
_NOMINAL_FPS = 1.0  # only spaces the presentation times of pictures that have no rate


class ImageFolderSource:
    """Frames of a directory's pictures, in natural order of their names.

    The next pictures are decoded while the caller works on this one.

    Attributes:
        info: What is known of it; times are those of its first readable picture.
    """

    def __init__(self, spec: SourceSpec, inputs_px: Sequence[tuple[int, int]]) -> None:
        """Open the directory; see ``open_source`` for what may go wrong."""
        _check(spec)
        address = parse_address(spec.address)
        self._spec, self._name, self._folder = spec, address.name, Path(address.target)
        self._paths = list_images(self._folder)
        self._yielded, self._unreadable = 0, 0
        self._closed = False
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
        self._reader = Reader(PipelineSpec(address.name, _PIPELINE), inputs_px, spec.region)
        self._frames = self._read()
        try:
            first = self._open()
            self.info = self._info(first)
        except EdgecrackError:
            self.close()
            raise
        self._first: Frame | None = first

    def __iter__(self) -> Iterator[Frame]:
        """Yield every readable picture; see ``Source``."""
        first, self._first = self._first, None
        if first is not None:
            self._yielded += 1
            yield first
        for frame in self._frames:
            self._yielded += 1
            yield frame

    def counts(self) -> SourceCounts:
        """Count the pictures so far; none is ever dropped."""
        return SourceCounts(self._yielded, unreadable=self._unreadable)

    def refit(self, input_px: tuple[int, int]) -> None:
        """Scale what follows for another input; see ``Source``."""
        self.info = replace(self.info, input_px=input_px)
        self._reader.refit(input_px)

    def close(self) -> None:
        """Stop the pipeline and the loader; safe to call twice."""
        self._closed = True
        self._loader.shutdown(wait=False, cancel_futures=True)
        self._reader.close()

    def _open(self) -> Frame:
        first = next(self._frames, None)
        if first is None:
            raise InputError(f"none of the {len(self._paths)} pictures of {self._folder} is sound")
        return first

    def _info(self, first: Frame) -> SourceInfo:
        spec = self._spec
        time_source = "argument" if spec.start_ns is not None else "exif"
        return SourceInfo(
            name=self._name,
            fps=spec.rate_fps,
            live=False,
            expected_frames=len(self._paths),
            start_ns=spec.start_ns,
            duration_ns=_duration_ns(len(self._paths), spec.rate_fps),
            time_source="none" if first.captured_ns is None else time_source,
            input_px=self._reader.input_px,
        )

    def _read(self) -> Iterator[Frame]:
        size_px: tuple[int, int] | None = None
        for index, loaded in enumerate(self._load_ahead()):
            if loaded is None:
                self._unreadable += 1
                continue
            height_px, width_px, _ = loaded.pixels.shape
            size_px = size_px or (width_px, height_px)
            if self._spec.region is not None and (width_px, height_px) != size_px:
                raise InputError(
                    f"{self._paths[index]} is {width_px}x{height_px} and the first picture "
                    f"{size_px[0]}x{size_px[1]}: a region needs pictures of one size"
                )
            frame = self._frame(index, loaded)
            if frame is None:  # closed in mid-stream
                return
            yield frame

    def _load_ahead(self) -> Iterator[Picture | None]:
        waiting: list[Future[Picture | None]] = []
        load = partial(load_picture, keep_size=self._spec.region is not None)
        for path in self._paths:
            if self._closed:
                return
            waiting.append(self._loader.submit(load, path))
            if len(waiting) > _AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            if self._closed:
                return
            yield future.result()

    def _frame(self, index: int, loaded: Picture) -> Frame | None:
        rate_fps, start_ns = self._spec.rate_fps, self._spec.start_ns
        pts_ns = round(index * 1e9 / (rate_fps or _NOMINAL_FPS))
        captured_ns = loaded.taken_ns
        if rate_fps is not None:
            captured_ns = None if start_ns is None else start_ns + pts_ns
        monotonic_ns = time.monotonic_ns()
        self._reader.push(loaded.pixels, pts_ns)
        sample = self._reader.pull()
        if sample is None:
            return None
        return Frame(
            index=index,
            pts_ns=pts_ns,
            captured_ns=captured_ns,
            monotonic_ns=monotonic_ns,
            image=sample.image,
            evidence=sample.evidence,
            geometry=sample.geometry,
            name=printable(self._paths[index].name),
            input_px=sample.input_px,
        )


def _duration_ns(pictures: int, rate_fps: float | None) -> int | None:
    return None if rate_fps is None else round((pictures - 1) * 1e9 / rate_fps)


def _check(spec: SourceSpec) -> None:
    if spec.live:
        raise UsageError(f"{spec.address} is a directory of pictures, which cannot be live")
    if spec.decoder == "hardware":
        raise UsageError(
            f"{spec.address} is a directory of pictures, which the processor decodes: leave out "
            "--decoder hardware"
        )
    if spec.start_ns is not None and spec.rate_fps is None:
        raise UsageError(f"{spec.address} has a start but no pace: give the pictures a second too")
