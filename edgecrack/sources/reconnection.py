"""Which sources come back, and opening one that does."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from edgecrack.errors import UsageError
from edgecrack.sources import image_folder, open_source
from edgecrack.sources.address import Kind, parse_address
from edgecrack.sources.connection import address_problem
from edgecrack.sources.supervised import SupervisedSource, Supervision

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from edgecrack.capture_state import StateChange
    from edgecrack.sources import Source, SourceSpec

_MAY_RETURN = frozenset({Kind.STREAM, Kind.CAMERA, Kind.CSI})


def reconnects(spec: SourceSpec) -> bool:
    """Tell whether a source is to be opened again, for ever: if a person says so, or by its kind.

    Raises:
        UsageError: A person says so of something that has an end.

    Example:
        >>> from edgecrack.sources import SourceSpec
        >>> [reconnects(SourceSpec(address=text)) for text in ("rtsp://cam/1", "http://cam/a.mp4")]
        [True, False]
    """
    address = parse_address(spec.address)
    if spec.reconnect is None:
        is_live = spec.live is not False if address.kind in _MAY_RETURN else bool(spec.live)
        return is_live and address.kind in {*_MAY_RETURN, Kind.SERVER}
    if spec.reconnect and (address.kind is Kind.FILE or image_folder(spec) is not None):
        raise UsageError(
            f"{address.name} lies on this machine and has an end, so --reconnect cannot be meant: "
            "it is for cameras and streams"
        )
    return spec.reconnect


def open_returning(
    spec: SourceSpec,
    inputs_px: Sequence[tuple[int, int]],
    on_change: Callable[[StateChange], None],
    on_wait: Callable[[int, None], None],
) -> Source:
    """Open what ``spec`` names, supervised where it comes back, and wait for its first picture.

    Args:
        spec: What to open.
        inputs_px: Width and height of each input that the network can have.
        on_change: Told each change of state of one that comes back.
        on_wait: Told the seconds waited so far, of how many nobody knows, while one that comes back
            has given no picture yet.

    Raises:
        UsageError: No such source can be.
        InputError: A file or directory that holds no pictures.
        SourceError: A camera or server that gives none and is not to come back.
    """
    if not reconnects(spec):
        return open_source(spec, inputs_px)
    address = parse_address(spec.address)
    is_remote = address.kind in {Kind.STREAM, Kind.SERVER}
    problem = address_problem(address.target) if is_remote else None
    if problem is not None:
        raise UsageError(f"{address.name} can never give a picture: {problem}")
    from edgecrack.sources.video import VideoSource  # noqa: PLC0415 - GStreamer

    how = Supervision(spec.stale_after_s, on_change, on_wait)
    return SupervisedSource(partial(VideoSource, spec), inputs_px, how)
