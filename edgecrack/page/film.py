"""The run's overlay video on the page, or a picture in its place."""

from __future__ import annotations

import os
from html import escape
from typing import TYPE_CHECKING
from urllib.parse import quote

from edgecrack.errors import InputError
from edgecrack.page.thumbnails import data_uri, marked

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.run_reader import Run

POSTER_PX = 960
MOST_VIDEO_BYTES = 32_000_000
"""A video up to this size is part of the page; a larger one stays beside it."""

_LABEL = "The drive as the camera saw it, with detected cracks marked"


def film(run: Run, folder: Path) -> str:
    """Return the video element, or only its poster when the run made no overlay.

    Args:
        run: Whose video.
        folder: Where the page will lie: a large video is named from there.

    Raises:
        InputError: The video cannot be read.
    """
    worst = max(run.observations, key=lambda frame: frame.area_share, default=None)
    poster = marked(worst, POSTER_PX) if worst else ""
    if run.overlay is None:
        picture = f'<img src="{poster}" alt="{_LABEL}">' if poster else ""
        return f'{picture}<p class="none">This run wrote no overlay video (--overlay).</p>'
    address, note = _address(run.overlay, folder)
    return (
        f'<video id="drive" controls muted playsinline preload="auto" poster="{poster}" '
        f'aria-label="{_LABEL}" src="{address}"></video>{note}'
    )


def _address(video: Path, folder: Path) -> tuple[str, str]:
    """Return where the page finds the video, and what a reader must know of that."""
    try:
        if video.stat().st_size <= MOST_VIDEO_BYTES:
            return data_uri("video/mp4", video.read_bytes()), ""
    except OSError as error:
        raise InputError(f"{video} cannot be read: {error.strerror}; view it again") from error
    beside = os.path.relpath(video, folder.resolve())
    size = f"{video.stat().st_size / 1e6:,.0f} MB"
    note = f"The video is too large for this page ({size}) and is read from {escape(beside)}."
    return quote(os.fsencode(beside)), f'<p class="note">{note}</p>'
