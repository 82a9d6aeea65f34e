"""What the camera sees now, sent to whoever watches: over RTSP, SRT, UDP, or as an HLS folder.

A view for people, not a record: pictures are left out wherever something is too slow, and each is
counted. The loop that surveys hands a picture over and goes on; it never waits.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from edgecrack.settings import AddressText, setting
from edgecrack.streams.address import StreamAddress, parse_stream_address

if TYPE_CHECKING:
    from collections.abc import Mapping

    from edgecrack.records import RgbImage

__all__ = ["MemoryOutlet", "Outlet", "StreamCounts", "StreamSpec"]

PICTURES = ("overlay", "plain")
LEAST_KBPS, MOST_KBPS = 50, 50_000
LEAST_FPS, MOST_FPS = 0.5, 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamSpec:
    """What may be set about the outgoing stream: the table ``[stream]`` of ``unit.toml``.

    Attributes:
        address: ``rtsp://:8554/live``, ``srt://host:9000``, ``udp://host:5000`` or ``hls:folder``,
            see `edgecrack.streams.address`; None sends nothing.
        picture: One of ``PICTURES``.
        bitrate_kbps: Of the video, 50 to 50,000.
        fps: Most pictures a second, 0.5 to 60; no more are sent than come.
    """

    address: AddressText | None = setting(
        None,
        flag="--stream",
        help="Show a live source to others: rtsp://:8554/live, srt://host:port, udp://host:port or "
        "hls:FOLDER. RTSP and SRT listen on this machine alone unless a host is named.",
        default_text="no stream",
    )
    picture: str = setting(
        "overlay",
        flag="--stream-picture",
        help="What is shown: overlay, with the cracks drawn in, or plain.",
    )
    bitrate_kbps: int = setting(
        2000, flag="--stream-bitrate", help="Kilobits a second of the stream."
    )
    fps: float = setting(
        30.0, flag="--stream-fps", help="Most pictures a second of the stream, 0.5 to 60."
    )

    def __post_init__(self) -> None:
        """Refuse what no stream can be."""
        if self.address is not None:
            parse_stream_address(self.address)
        if self.picture not in PICTURES:
            raise ValueError(f"picture must be one of {', '.join(PICTURES)}, not '{self.picture}'")
        if not LEAST_KBPS <= self.bitrate_kbps <= MOST_KBPS:
            raise ValueError(
                f"bitrate_kbps must be {LEAST_KBPS} to {MOST_KBPS}, not {self.bitrate_kbps}"
            )
        if not LEAST_FPS <= self.fps <= MOST_FPS:
            raise ValueError(f"fps must be {LEAST_FPS} to {MOST_FPS}, not {self.fps}")

    @property
    def destination(self) -> StreamAddress | None:
        """The address, understood."""
        return None if self.address is None else parse_stream_address(self.address)


@dataclass(frozen=True, slots=True)
class StreamCounts:
    """What became of the pictures that came for the stream.

    Attributes:
        address: Where they went, without secrets.
        frames_sent: Given to the encoder, and not dropped in front of it.
        frames_dropped: Cause -> pictures left out. ``unwatched``: nobody looked, so nothing was
            encoded. ``rate``: more came than the stream may have. ``behind``: drawing, or the
            encoder or the network behind it, was not done with the one before. ``away``: the
            stream could not be opened.
        clients: How often somebody began to watch; None where that cannot be known.
        restarts: How often it was opened again, after a failure or with another picture size.
        core_ms: CPU time of drawing and handing over one sent picture; the encoder's own is not in
            it.
    """

    address: str
    frames_sent: int = 0
    frames_dropped: Mapping[str, int] = field(default_factory=dict)
    clients: int | None = None
    restarts: int = 0
    core_ms: float = 0.0


class Outlet(Protocol):
    """Where pictures of one size are encoded and go out; one thread calls it.

    Attributes:
        clients: How often somebody began to watch; None where that cannot be known.
    """

    clients: int | None

    def is_watched(self) -> bool:
        """Whether somebody may be looking: else pictures need not be drawn."""

    def push(self, picture: RgbImage) -> bool:
        """Send a picture without waiting; False where an older one was left out for it."""

    def problem(self) -> str | None:
        """Say why it goes on no longer, as part of a sentence; None while it does."""

    def close(self) -> None:
        """Stop; bounded in time and safe to call twice."""


class MemoryOutlet:
    """An outlet for tests and programs that look at the pictures instead of sending them.

    Attributes:
        clients: As set.
        pictures: Everything pushed.
        watched: What ``is_watched`` answers.
        failure: What ``problem`` answers.
        closed: Whether it was closed.
    """

    def __init__(self) -> None:
        self.clients: int | None = None
        self.pictures: list[RgbImage] = []
        self.watched, self.closed = True, False
        self.failure: str | None = None

    def is_watched(self) -> bool:
        """Return what was set."""
        return self.watched

    def push(self, picture: RgbImage) -> bool:
        """Keep a picture."""
        self.pictures.append(picture)
        return True

    def problem(self) -> str | None:
        """Return what was set."""
        return self.failure

    def close(self) -> None:
        """Note that nobody sends any more."""
        self.closed = True
