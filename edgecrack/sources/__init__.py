"""Where frames come from: a file, a stream, a camera, a test picture, a directory of images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgecrack.sources.address import Kind, parse_address

if TYPE_CHECKING:
    from collections.abc import Iterator

    from edgecrack.records import Frame, Region

__all__ = ["Source", "SourceCounts", "SourceInfo", "SourceRequest", "open_source"]


@dataclass(frozen=True, slots=True)
class SourceRequest:
    """What is asked of a source.

    Attributes:
        spec: A path or a URI of a video, a directory of images, ``v4l2:///dev/video0``, or
            ``test:?width=640&height=360&fps=25&frames=100``.
        input_width_px: Width of the network's input.
        input_height_px: Its height.
        region: What the network sees of the picture; None means all of it.
        live: The newest picture wins and the rest are dropped (True), or every picture counts
            (False); None leaves it to the kind of source.
        rate_fps: Pictures a second of a directory of images; a video has its own times.
        start_ns: UTC of the source's time zero.
    """

    spec: str
    input_width_px: int
    input_height_px: int
    region: Region | None = None
    live: bool | None = None
    rate_fps: float | None = None
    start_ns: int | None = None


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source before its first frame.

    Attributes:
        name: What a person calls it; without passwords.
        width_px: Width of the (first) picture, after rotation.
        height_px: Its height.
        evidence_width_px: Width of the (first) evidence picture.
        evidence_height_px: Its height.
        region: What the network sees of the picture.
        fps: Nominal rate, or None when it varies or nothing tells it.
        live: Whether pictures may be dropped.
        start_ns: UTC of time zero, or None when only frames know their time, or nothing does.
        duration_ns: How long it plays, or None when it is live or does not say.
        time_source: What tells the time of capture: ``argument``, ``container``, ``exif``,
            ``clock`` or ``none``.
    """

    name: str
    width_px: int
    height_px: int
    evidence_width_px: int
    evidence_height_px: int
    region: Region
    fps: float | None
    live: bool
    start_ns: int | None
    duration_ns: int | None
    time_source: str


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What became of the pictures up to the last frame handed out.

    Attributes:
        delivered: Pictures the decoder delivered.
        dropped: Those of them that a newer one overtook; 0 unless the source is live.
    """

    delivered: int
    dropped: int


class Source(Protocol):
    """Frames, in order, once."""

    info: SourceInfo

    def __iter__(self) -> Iterator[Frame]:
        """Yield every frame.

        Raises:
            InputError: A file is broken; the frames before the damage have been yielded.
            SourceError: A live source stopped.
        """

    def counts(self) -> SourceCounts:
        """Count what was delivered and what was dropped, so far."""

    def unreadable(self) -> int:
        """Count pictures that were skipped because they cannot be read, so far."""

    def close(self) -> None:
        """Let go of files and devices; safe to call twice, and in mid-stream."""


def open_source(request: SourceRequest) -> Source:
    """Open what the request names, and wait for its first picture.

    Raises:
        UsageError: The request contradicts itself, or its region leaves the picture.
        InputError: A file or directory that holds no pictures.
        SourceError: A camera or server that gives none.
    """
    address = parse_address(request.spec)
    if address.kind is Kind.FILE and Path(address.target).is_dir():
        from edgecrack.sources.images import ImageFolderSource  # noqa: PLC0415 - Pillow

        return ImageFolderSource(request)
    from edgecrack.sources.video import VideoSource  # noqa: PLC0415 - GStreamer

    return VideoSource(request)
