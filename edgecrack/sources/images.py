"""Frames from a directory of images, through the same pipeline as video."""

from __future__ import annotations

import time
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from edgecrack.errors import EdgecrackError, InputError, UsageError
from edgecrack.exif_time import exif_time_ns
from edgecrack.gst.reader import PipelineSpec, Reader
from edgecrack.image_files import BROKEN_IMAGE, list_images
from edgecrack.records import Frame
from edgecrack.sources import SourceCounts, SourceInfo, SourceRequest
from edgecrack.sources.address import parse_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgecrack.records import RgbImage

_FEED = "appsrc name=source format=time max-bytes=0"
_AHEAD = 2
_NOMINAL_FPS = 1.0  # only spaces the presentation times of pictures that have no rate


@dataclass(frozen=True, slots=True)
class _Loaded:
    picture: RgbImage
    taken_ns: int | None


class ImageFolderSource:
    """Frames of a directory's pictures, in natural order of their names.

    The next pictures are decoded while the caller works on this one.

    Attributes:
        info: What is known of it; sizes are the first readable picture's.
    """

    def __init__(self, request: SourceRequest) -> None:
        """Open the directory; see ``open_source`` for what may go wrong."""
        _check(request)
        self._request, self._folder = request, Path(parse_address(request.spec).target)
        self._paths = list_images(self._folder)
        self._yielded, self._unreadable = 0, 0
        self._closed = False
        self._loader = ThreadPoolExecutor(max_workers=1, thread_name_prefix="pictures")
        size_px = (request.input_width_px, request.input_height_px)
        self._reader = Reader(PipelineSpec(request.spec, _FEED), *size_px, request.region)
        self._frames = self._read()
        try:
            self._first = self._open()
            self.info = self._inform(self._first)
        except EdgecrackError:
            self.close()
            raise

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
        return SourceCounts(self._yielded, 0)

    def unreadable(self) -> int:
        """Count the pictures skipped so far because they cannot be read."""
        return self._unreadable

    def close(self) -> None:
        """Stop the pipeline and the loader; safe to call twice."""
        self._closed = True
        self._loader.shutdown(wait=False, cancel_futures=True)
        self._reader.close()

    def _open(self) -> Frame | None:
        first = next(self._frames, None)
        if first is None:
            raise InputError(f"none of the {len(self._paths)} pictures of {self._folder} is sound")
        return first

    def _inform(self, first: Frame | None) -> SourceInfo:
        layout, request = self._reader.layout, self._request
        if first is None or layout is None:
            raise InputError(f"{self._folder} yields no picture")
        time_source = "argument" if request.start_ns is not None else "exif"
        return SourceInfo(
            name=request.spec,
            width_px=layout.width_px,
            height_px=layout.height_px,
            evidence_width_px=layout.evidence_width_px,
            evidence_height_px=layout.evidence_height_px,
            region=layout.region,
            fps=request.rate_fps,
            live=False,
            start_ns=request.start_ns,
            duration_ns=_duration_ns(len(self._paths), request.rate_fps),
            time_source="none" if first.captured_ns is None else time_source,
        )

    def _read(self) -> Iterator[Frame]:
        size_px: tuple[int, int] | None = None
        for index, loaded in enumerate(self._load_ahead()):
            if loaded is None:
                self._unreadable += 1
                continue
            height_px, width_px, _ = loaded.picture.shape
            size_px = size_px or (width_px, height_px)
            if self._request.region is not None and (width_px, height_px) != size_px:
                raise InputError(
                    f"{self._paths[index]} is {width_px}x{height_px} and the first picture "
                    f"{size_px[0]}x{size_px[1]}: a region needs pictures of one size"
                )
            frame = self._frame(index, loaded)
            if frame is None:  # closed in mid-stream
                return
            yield frame

    def _load_ahead(self) -> Iterator[_Loaded | None]:
        waiting: list[Future[_Loaded | None]] = []
        for path in self._paths:
            if self._closed:
                return
            waiting.append(self._loader.submit(_load, path))
            if len(waiting) > _AHEAD:
                yield waiting.pop(0).result()
        for future in waiting:
            if self._closed:
                return
            yield future.result()

    def _frame(self, index: int, loaded: _Loaded) -> Frame | None:
        request = self._request
        pts_ns = round(index * 1e9 / (request.rate_fps or _NOMINAL_FPS))
        captured_ns = loaded.taken_ns
        if request.rate_fps is not None:
            captured_ns = None if request.start_ns is None else request.start_ns + pts_ns
        monotonic_ns = time.monotonic_ns()
        self._reader.push(loaded.picture, pts_ns)
        shot = self._reader.pull()
        if shot is None:
            return None
        return Frame(
            index=index,
            pts_ns=pts_ns,
            captured_ns=captured_ns,
            monotonic_ns=monotonic_ns,
            image=shot.image,
            evidence=shot.evidence,
            name=self._paths[index].name,
        )


def _duration_ns(pictures: int, rate_fps: float | None) -> int | None:
    return None if rate_fps is None else round((pictures - 1) * 1e9 / rate_fps)


def _check(request: SourceRequest) -> None:
    if request.live:
        raise UsageError(f"{request.spec} is a directory of pictures, which cannot be live")
    if request.rate_fps is not None and not 0 < request.rate_fps <= 1000:
        raise UsageError(
            f"pictures a second must be above 0 and at most 1000, not {request.rate_fps}"
        )
    if request.start_ns is not None and request.rate_fps is None:
        raise UsageError(f"{request.spec} has a start but no pace: give the pictures a second too")


def _load(path: Path) -> _Loaded | None:
    """Return a picture upright, in RGB, with its time; None when it is not sound."""
    try:
        with Image.open(path) as file:
            taken_ns = exif_time_ns(file.getexif())
            upright = ImageOps.exif_transpose(file)
            return _Loaded(_to_rgb(upright), taken_ns)
    except BROKEN_IMAGE:
        return None


def _to_rgb(picture: Image.Image) -> RgbImage:
    """Convert to RGB; 16-bit grey is brought to 8 bits, where Pillow alone would clip it."""
    if picture.mode.startswith("I"):
        grey = (np.asarray(picture).clip(0, 65535) // 257).astype(np.uint8)
        return np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    return np.asarray(picture.convert("RGB"))
