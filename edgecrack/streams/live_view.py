"""What a run shows while it goes on: each frame as soon as the network has seen it.

Not a sink: an observation waits for its place, which a receiver sends once a second, and so would a
stream of observations stand still and leap. So the view has no place in its caption. A vehicle that
stands is shown as well, though nobody looks for cracks then.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgecrack.errors import UsageError

if TYPE_CHECKING:
    from edgecrack.conditions import Conditions
    from edgecrack.records import Detection, Frame, RgbImage
    from edgecrack.sources import SourceInfo
    from edgecrack.streams import StreamCounts, StreamSpec
    from edgecrack.streams.streamer import Streamer

NOMINAL_FPS = 25.0
"""What an encoder is told where nothing tells the source's rate."""


class LiveView:
    """Shows a run to whoever watches.

    Args:
        streamer: Takes the pictures; None shows nothing.
        picture: ``overlay``, with the cracks drawn in, or ``plain``.
    """

    def __init__(self, streamer: Streamer | None = None, picture: str = "overlay") -> None:
        self._streamer, self._is_plain = streamer, picture == "plain"

    def detected(self, detection: Detection) -> None:
        """Show a frame and what the network saw in it; costs the caller nothing."""
        if self._is_plain:
            self._put(detection.frame, partial(_plain, detection.frame))
        else:
            self._put(detection.frame, partial(_overlay, detection))

    def stood(self, frame: Frame) -> None:
        """Show a frame that is left out because the vehicle stands."""
        self._put(frame, partial(_plain if self._is_plain else _standing, frame))

    def counts(self) -> StreamCounts | None:
        """Return what became of the pictures so far; None where nothing is shown."""
        return None if self._streamer is None else self._streamer.counts()

    def close(self) -> None:
        """Show no more; bounded in time and safe to call twice."""
        if self._streamer is not None:
            self._streamer.close()

    def _put(self, frame: Frame, draw: partial[RgbImage]) -> None:
        if self._streamer is not None:
            height_px, width_px = frame.evidence.shape[:2]
            self._streamer.put((width_px, height_px), draw)


def open_live_view(
    spec: StreamSpec, info: SourceInfo, conditions: Conditions, *, in_hardware: bool = True
) -> LiveView:
    """Return what shows a run; the stream itself is opened with the first picture.

    Args:
        spec: Where to show what.
        info: Of the source.
        conditions: Told what the stream does, whenever that changes.
        in_hardware: Let a board's own unit encode, where it has one.

    Raises:
        UsageError: The source is a file that is read as fast as it can be.
        EdgecrackError: Something that the stream needs is not installed.
    """
    address = spec.destination
    if address is None:
        return LiveView()
    if not info.live:
        raise UsageError(
            f"--stream shows what a camera sees now, but {info.name} is read as fast as it can be; "
            "add --live to play it at its own pace, or leave out --stream."
        )
    from edgecrack.streams.outlets import (  # noqa: PLC0415  GStreamer only when asked for
        OutletSpec,
        check_installed,
        open_outlet,
    )
    from edgecrack.streams.sending import Sending  # noqa: PLC0415
    from edgecrack.streams.streamer import Streamer  # noqa: PLC0415

    check_installed(address.kind)
    if address.open_to:
        conditions.note("stream", "open", address.open_to)
    nominal_fps = min(spec.fps, info.fps or NOMINAL_FPS)
    outlet = OutletSpec(address, nominal_fps, spec.bitrate_kbps, in_hardware)
    sending = Sending(
        address.name, partial(open_outlet, outlet), partial(conditions.note, "stream"), fps=spec.fps
    )
    return LiveView(Streamer(sending), spec.picture)


def _plain(frame: Frame) -> RgbImage:
    return frame.evidence


def _overlay(detection: Detection) -> RgbImage:
    from edgecrack.sinks.overlay import draw, words  # noqa: PLC0415  OpenCV only when asked for

    return draw(detection.frame.evidence, detection.mask, words(detection.frame, detection.measure))


def _standing(frame: Frame) -> RgbImage:
    from edgecrack.sinks.overlay import draw, words  # noqa: PLC0415

    return draw(frame.evidence, None, f"{words(frame)}  standstill")
