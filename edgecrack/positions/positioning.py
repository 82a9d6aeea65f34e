"""Where the camera was: opened once a run, from a log, a receiver, or the pictures themselves."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from edgecrack.errors import InputError
from edgecrack.positions import SKIP, open_receiver, read_positions, track_of
from edgecrack.positions.geotag import Geotagger
from edgecrack.positions.receiver_address import is_receiver
from edgecrack.positions.standstills import Standstills
from edgecrack.positions.supervised import SupervisedReceiver, Supervision
from edgecrack.positions.track import Track, describe_span

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from edgecrack.positions import OnTime, PositionSpec, Receiver
    from edgecrack.positions.reception import ReceiverChange

LIVE_TRACK_S = 60.0
"""How much of its past a track from a receiver remembers."""


@dataclass(frozen=True, slots=True)
class FixCounts:
    """What became of the fixes.

    Attributes:
        read: What a log held or a receiver sent, by kind; of a live one also how often it was
            ``lost``, the ``openings`` that were tried, and for how long it was away (``away_s``).
        refused: Reason -> fixes refused.
        kept: Fixes in the track.
    """

    read: Mapping[str, int]
    refused: Mapping[str, int]
    kept: int


@dataclass(frozen=True, slots=True)
class Positioning:
    """Where the camera was, and what was found out about that.

    Attributes:
        track: The fixes; None when nothing tells.
        receiver: Goes on filling the track; None for a recorded one.
        read: What a recorded log held, by kind.
        standstills: Leaves out the frames of a vehicle that stands.
    """

    track: Track | None = None
    receiver: Receiver | None = None
    read: Mapping[str, int] = field(default_factory=dict)
    standstills: Standstills = field(default_factory=Standstills)

    def geotagger(self, spec: PositionSpec) -> Geotagger:
        """Return what gives detections their place."""
        return Geotagger(self.track, self.receiver, patience_s=spec.max_gap_s)

    def counts(self) -> FixCounts | None:
        """Return what became of the fixes so far, or None without any track."""
        if self.track is None:
            return None
        read = self.read if self.receiver is None else self.receiver.counts
        return FixCounts(dict(read), dict(self.track.refused), len(self.track))

    def close(self) -> None:
        """Let a receiver go; safe to call twice."""
        if self.receiver is not None:
            self.receiver.close()


@dataclass(frozen=True, slots=True)
class Listeners:
    """Who is told of a live receiver.

    Attributes:
        on_receiver: Told whenever one that is waited for comes or goes, or what it hears changes.
        on_time: Told the times that it reports.
    """

    on_receiver: Callable[[ReceiverChange], None] = lambda _change: None
    on_time: OnTime = lambda _heard: None


def open_positioning(
    spec: PositionSpec,
    *,
    images: Path | None = None,
    video_span_ns: tuple[int, int] | None = None,
    on_progress: Callable[[float], None] = lambda _share: None,
    live: bool = False,
    listeners: Listeners | None = None,
) -> Positioning:
    """Open what tells where the camera was.

    Args:
        spec: What to open.
        images: A directory of pictures whose EXIF data tells, where ``spec`` names nothing.
        video_span_ns: UTC of the first and last instant of a recording, where known.
        on_progress: Told which share of a log has been read, 0 to 1.
        live: A receiver that is not there, may not be opened, or goes away is waited for.
        listeners: Who is told of a live receiver.

    Raises:
        UsageError: ``spec`` names no log and no receiver.
        InputError: The log is unusable, or misses the recording; or what should be a receiver
            is none, and is not waited for.
        SourceError: The receiver is not there now, and is not waited for.
    """
    if spec.address is None:  # each of the pictures was chosen, so none is left out
        return Positioning(_track_of_images(images, spec.max_gap_s))
    if is_receiver(spec.address):
        gap_s, latency_ms = spec.max_gap_s, spec.latency_ms
        track = Track(max_gap_s=gap_s, keep_s=LIVE_TRACK_S, latency_ms=latency_ms)
        told = listeners or Listeners()
        open_it = partial(open_receiver, spec.address, told.on_time)
        how = Supervision(on_change=told.on_receiver)
        receiver = SupervisedReceiver(open_it, how) if live else open_it()
        return Positioning(track, receiver, standstills=_standstills(spec, track))
    log = read_positions(spec.address, on_progress)
    track = track_of(log, spec.max_gap_s, spec.latency_ms)
    if video_span_ns is not None and not track.overlaps(*video_span_ns):
        raise InputError(describe_span(track, *video_span_ns))
    return Positioning(track, None, log.counts, _standstills(spec, track))


def _standstills(spec: PositionSpec, track: Track) -> Standstills:
    return Standstills(track if spec.standstill == SKIP else None)


def _track_of_images(images: Path | None, max_gap_s: float) -> Track | None:
    if images is None:
        return None
    from edgecrack.positions.exif_place import exif_fixes  # noqa: PLC0415  Pillow

    fixes = exif_fixes(images)
    return Track(fixes, max_gap_s=max_gap_s) if fixes else None
