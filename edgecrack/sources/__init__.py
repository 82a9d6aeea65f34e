"""Where frames come from: a file, a stream, a camera, a test picture, a directory of images."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from edgecrack.errors import InputError
from edgecrack.records import Region
from edgecrack.settings import AddressText, setting
from edgecrack.sources.address import Kind, parse_address
from edgecrack.utc import utc_ns

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from edgecrack.capture_state import Interruptions
    from edgecrack.records import Frame

__all__ = [
    "MemorySource",
    "Source",
    "SourceCounts",
    "SourceInfo",
    "SourceSpec",
    "image_folder",
    "open_source",
]

LEAST_FPS, MOST_FPS = 0.001, 1000
LEAST_AGE_MS, MOST_AGE_MS = 200, 60_000
LEAST_STALE_S, MOST_STALE_S = 0.5, 15  # by itself a live source fails after 15 s
DECODERS = ("auto", "hardware", "software")
_YEAR_2100_NS = 4_102_444_800 * 10**9


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceSpec:
    """What may be set about a source: the table ``[source]`` of ``unit.toml``.

    Attributes:
        address: A path or a URI of a video, a directory of images, ``v4l2:///dev/video0`` and
            ``csi://0``, both perhaps with ``?width=1920&height=1080&fps=30`` and the first with
            ``format=mjpeg`` or ``h264`` or ``raw``, or
            ``test:?width=640&height=360&fps=25&frames=100``.
        start: UTC of the source's time zero, ISO 8601.
        region_px: x, y, width, height in source pixels; None is the whole picture.
        rate_fps: Pictures a second of a directory of images, 0.001 to 1000; a video has its own
            times.
        live: The newest picture wins and the rest are dropped (True), or every picture counts
            (False); None leaves it to the kind of source.
        decoder: What decodes and scales video: one of ``DECODERS``.
        reconnect: Open a live source again, for ever, when it gives no more pictures (True), or
            end (False); None leaves it to the kind of source.
        stale_after_s: So many seconds without a picture, and it is opened again; 0.5 to 15.
        most_age_ms: A picture of a camera or stream that comes so much later than the promptest
            is dropped; 200 to 60000. One that gives no others is as one that gives none.
    """

    address: AddressText = setting(
        flag="SOURCE",
        help="Video file or URI, v4l2:///dev/video0, csi://0, test:, or a directory of images.",
    )
    start: str | None = setting(
        None,
        flag="--video-start",
        help="UTC of the video's first instant, such as 2026-05-01T12:00:00Z.",
        default_text="what the file says",
    )
    region_px: tuple[int, int, int, int] | None = setting(
        None,
        flag="--region",
        help="Where to look: x,y,width,height in pixels of the source.",
        default_text="the whole picture",
    )
    rate_fps: float | None = setting(
        None,
        flag="--rate",
        help="Pictures a second of a directory of images.",
        default_text="their EXIF times",
    )
    live: bool | None = setting(
        None,
        flag="--live/--file",
        help="The newest frame wins, or no frame is dropped.",
        default_text="cameras and streams are live",
    )
    decoder: str = setting(
        "auto",
        flag="--decoder",
        help="What decodes and scales video: auto, hardware or software. auto is a Jetson's own "
        "units where it has them.",
    )
    reconnect: bool | None = setting(
        None,
        flag="--reconnect/--no-reconnect",
        help="Open a camera or stream again, for ever, when it gives no more pictures, or end.",
        default_text="live cameras and streams come back",
    )
    stale_after_s: float = setting(
        5.0,
        flag="--stale-after",
        help="Seconds without a picture after which a camera or stream is opened again.",
    )
    most_age_ms: float = setting(
        5000.0,
        flag="--most-age",
        help="Milliseconds by which a picture of a camera or stream may be late.",
    )

    def __post_init__(self) -> None:
        """Refuse what no source can have."""
        self._refuse_out_of_range()
        if self.region_px is not None:
            x_px, y_px, width_px, height_px = self.region_px
            if min(x_px, y_px) < 0 or min(width_px, height_px) <= 0:
                raise ValueError(
                    "region_px must have a size and start inside the picture, not "
                    f"{width_px}x{height_px} at {x_px},{y_px}"
                )
        if self.start is not None:
            _instant_ns(self.start)
        if self.decoder not in DECODERS:
            known = ", ".join(DECODERS)
            raise ValueError(f"decoder must be one of {known}, not '{self.decoder}'")
        if self.reconnect and self.live is False:
            raise ValueError("reconnect is for live sources: a file, once read, has ended")

    def _refuse_out_of_range(self) -> None:
        for name, low, high in (
            ("rate_fps", LEAST_FPS, MOST_FPS),
            ("stale_after_s", LEAST_STALE_S, MOST_STALE_S),
            ("most_age_ms", LEAST_AGE_MS, MOST_AGE_MS),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise ValueError(f"{name} must be {low} to {high}, not {value}")

    @property
    def start_ns(self) -> int | None:
        """UTC of the source's time zero, or None when nobody said."""
        return None if self.start is None else _instant_ns(self.start)

    @property
    def region(self) -> Region | None:
        """The region as a record, or None for the whole picture."""
        return None if self.region_px is None else Region(*self.region_px)


def _instant_ns(text: str) -> int:
    try:
        time_ns = utc_ns(text)
    except ValueError:
        time_ns = -1
    if not 0 <= time_ns < _YEAR_2100_NS:
        raise ValueError(
            f"start must be an instant of 1970 to 2099 such as 2026-05-01T12:00:00Z, not '{text}'"
        )
    return time_ns


@dataclass(frozen=True, slots=True)
class SourceInfo:
    """What is known of a source as a whole.

    Attributes:
        name: What a person calls it; without passwords.
        fps: Nominal rate, or None when it varies or nothing tells it.
        live: Whether pictures may be dropped.
        start_ns: UTC of time zero, or None when only frames know their time, or nothing does.
        duration_ns: How long it plays, or None when it is live or does not say.
        time_source: What tells the time of capture: ``argument``, ``container``, ``exif``,
            ``clock`` or ``none``.
        input_px: Which of the network's input sizes its pictures are scaled to; None for frames
            that were at hand.
        expected_frames: About how many frames it holds, or None when it is live or does not say.
        decoder: What decodes and scales its pictures; empty where they are no video.
        decoder_choice: Why that; empty where there was nothing to choose from.
    """

    name: str
    fps: float | None
    live: bool
    start_ns: int | None
    duration_ns: int | None
    time_source: str
    input_px: tuple[int, int] | None = None
    expected_frames: int | None = None
    decoder: str = ""
    decoder_choice: str = ""


@dataclass(frozen=True, slots=True)
class SourceCounts:
    """What became of the pictures up to the last frame handed out.

    Attributes:
        delivered: Pictures the decoder delivered.
        dropped: Those of them that a newer one overtook; 0 unless the source is live.
        unreadable: Pictures skipped because they cannot be read.
        stale: Those of the dropped that came too late.
        opening: Those of the dropped that came before anybody asked for frames: a camera runs while
            the network is loaded.
        missing: Pictures that the container holds by its own account, but that are damaged, refer
            to damaged ones, or are not there; not among those delivered.
        server_timed: Frames whose time of capture is the server's own account.
        interruptions: Of a source that comes back; None of any other.
    """

    delivered: int
    dropped: int = 0
    stale: int = 0
    opening: int = 0
    unreadable: int = 0
    missing: int = 0
    server_timed: int = 0
    interruptions: Interruptions | None = None

    def plus(self, later: SourceCounts) -> SourceCounts:
        """Return the counts of two openings together, without their interruptions.

        Example:
            >>> SourceCounts(5, dropped=1).plus(SourceCounts(2, missing=3))
            SourceCounts(delivered=7, dropped=1, stale=0, opening=0, unreadable=0, missing=3, \
server_timed=0, interruptions=None)
        """
        return SourceCounts(
            delivered=self.delivered + later.delivered,
            dropped=self.dropped + later.dropped,
            stale=self.stale + later.stale,
            opening=self.opening + later.opening,
            unreadable=self.unreadable + later.unreadable,
            missing=self.missing + later.missing,
            server_timed=self.server_timed + later.server_timed,
        )


class Source(Protocol):
    """Frames, in order, once.

    Attributes:
        info: What is known of it as a whole.
    """

    info: SourceInfo

    def __iter__(self) -> Iterator[Frame | None]:
        """Yield every frame; None when a live source had no picture for a while.

        Raises:
            InputError: A file is broken; the frames before the damage have been yielded.
            SourceError: A live source stopped.
        """

    def counts(self) -> SourceCounts:
        """Count what was delivered, dropped and skipped, so far."""

    def refit(self, input_px: tuple[int, int]) -> None:
        """Scale the frames that follow for another input of the network; none is lost.

        Called right after a frame was taken, by whoever takes them. Frames that were scaled before
        may still follow: each says in ``input_px`` what it is for.

        Args:
            input_px: Width and height of the input.
        """

    def close(self) -> None:
        """Let go of files and devices; safe to call twice, and in mid-stream."""


class MemorySource:
    """A source for tests and programs that have their frames at hand.

    Attributes:
        info: What is known of it as a whole.
        closed: Whether it was closed.
    """

    def __init__(
        self, frames: Iterable[Frame | None], info: SourceInfo, error: Exception | None = None
    ) -> None:
        """Remember what to yield, in order, and what to raise after it."""
        self.info, self.closed = info, False
        self._frames, self._error, self._yielded = list(frames), error, 0

    def __iter__(self) -> Iterator[Frame | None]:
        """Yield every frame, then raise the error if there is one."""
        for frame in self._frames:
            self._yielded += frame is not None
            yield frame
        if self._error is not None:
            raise self._error

    def counts(self) -> SourceCounts:
        """Count what was yielded so far."""
        return SourceCounts(self._yielded)

    def refit(self, input_px: tuple[int, int]) -> None:
        """Scale what nobody else scaled: nothing; frames that were scaled stay as they are."""

    def close(self) -> None:
        """Note that nobody wants more."""
        self.closed = True


def open_source(spec: SourceSpec, inputs_px: Sequence[tuple[int, int]]) -> Source:
    """Open what ``spec`` names, and wait for its first picture.

    Args:
        spec: What to open.
        inputs_px: Width and height of each input that the network can have; the one that the
            first picture fills best is chosen.

    Raises:
        UsageError: The spec contradicts itself, or its region leaves the picture.
        InputError: A file or directory that holds no pictures.
        SourceError: A camera or server that gives none.
    """
    if image_folder(spec) is not None:
        from edgecrack.sources.images import ImageFolderSource  # noqa: PLC0415 - Pillow

        return ImageFolderSource(spec, inputs_px)
    from edgecrack.sources.video import VideoSource  # noqa: PLC0415 - GStreamer

    return VideoSource(spec, inputs_px)


def image_folder(spec: SourceSpec) -> Path | None:
    """Return the directory that a source is, or None where it is anything else.

    Raises:
        InputError: Whether it is one cannot be told.
        UsageError: No such address can be.
    """
    address = parse_address(spec.address)
    path = Path(address.target)
    try:
        return path if address.kind is Kind.FILE and path.is_dir() else None
    except OSError as error:  # behind a folder that may not be entered, or with too long a name
        reason = error.strerror or error
        raise InputError(f"the source {address.name} cannot be read: {reason}") from error
