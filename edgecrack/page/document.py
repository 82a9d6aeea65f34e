"""One self-contained HTML page about a run: video, map and figures. It loads no other file."""

from __future__ import annotations

import json
import math
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from edgecrack.page.run_reader import CrackFrame, FinishedRun, look_up, read_run
from edgecrack.page.tables import (
    DASH,
    Score,
    counts,
    definitions,
    figure,
    score_table,
    speed_table,
    what_ran,
    words,
)
from edgecrack.page.thumbnails import data_uri, marked
from edgecrack.page.track_map import CLASSES, draw_map, fit, grade, grade_bounds, length_m
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.records import Fix
    from edgecrack.storage.disk import Disk

THUMB_PX = 320
POSTER_PX = 960
MOST_THUMBS = 150
SECOND_NS = 1_000_000_000


def write_page(
    folder: Path,
    run: Path,
    fixes: Sequence[Fix],
    start_ns: int,
    scores: Sequence[Score] = (),
    *,
    disk: Disk | None = None,
) -> Path:
    """Write ``folder/index.html`` from what a run left behind; always whole, durable on return.

    Args:
        folder: Where to; created if missing.
        run: The run directory.
        fixes: The drive's track, in order of time.
        start_ns: UTC of the video's first picture, which ties the track to the video.
        scores: How the run's masks agree with the true masks, if there are any.
        disk: What writes the page; None is this machine's.

    Returns:
        The page.

    Raises:
        InputError: ``run`` holds no readable run.
        SinkError: The page could not be written.
    """
    text = render_page(read_run(run), fixes, start_ns, scores)
    page, disk = folder / "index.html", disk or LocalDisk()
    make_folders(disk, folder)
    replace_file(disk, page, text.encode())
    return page


def render_page(
    record: FinishedRun, fixes: Sequence[Fix], start_ns: int, scores: Sequence[Score]
) -> str:
    """Return the page as HTML; every value in it is escaped."""
    assets = resources.files("edgecrack.page") / "assets"
    style, script, template = (
        (assets / name).read_text(encoding="utf-8") for name in ("page.css", "page.js", "page.html")
    )
    return Template(template).substitute(
        style=style,
        script=script,
        data=_script_safe(_page_data(record.crack_frames, fixes, start_ns)),
        headline=_headline(record, fixes, scores),
        video=_video(record),
        legend=_legend(record.crack_frames),
        map=draw_map(fixes, record.crack_frames),
        counts=counts(record.report),
        speed=speed_table(record.report),
        ran=what_ran(record.run, record.report),
        scores=score_table(scores),
        period=_period(record),
    )


def _headline(record: FinishedRun, fixes: Sequence[Fix], scores: Sequence[Score]) -> str:
    track_m = length_m([(fix.lat_deg, fix.lon_deg) for fix in fixes])
    cracked = len(record.crack_frames)
    inferred = figure(look_up(record.report, "frames_inferred"), 0)
    return definitions(
        (
            ("F1 against the true masks", figure(100 * scores[0].f1, 1, " %") if scores else DASH),
            ("Frames a second", figure(look_up(record.report, "fps_out"))),
            ("Frames with cracks", f"{cracked} <small>of {inferred}</small>"),
            ("Track", figure(track_m if fixes else None, 0, " m")),
        )
    )


def _video(record: FinishedRun) -> str:
    """Return the video element, or only its poster when the run made no overlay."""
    worst = max(record.crack_frames, key=lambda frame: frame.area_share, default=None)
    poster = marked(worst, POSTER_PX) if worst else ""
    label = "The drive as the camera saw it, with detected cracks marked"
    if record.overlay is None:
        picture = f'<img src="{poster}" alt="{label}">' if poster else ""
        return f'{picture}<p class="none">This run wrote no overlay video.</p>'
    source = data_uri("video/mp4", record.overlay.read_bytes())
    return (
        f'<video id="drive" controls muted playsinline preload="auto" poster="{poster}" '
        f'aria-label="{label}" src="{source}"></video>'
    )


def _legend(crack_frames: Sequence[CrackFrame]) -> str:
    bounds = grade_bounds(crack_frames)
    if not bounds:
        return ""
    edges = ["0", *(figure(100 * bound, 2) for bound in bounds)]
    items = "".join(
        f'<li><i class="g{n}"></i>{"over " if n else "up to "}{edges[n] if n else edges[1]}</li>'
        for n in range(CLASSES)
    )
    return f'<ul class="legend"><li>Crack, % of picture:</li>{items}</ul>'


def _period(record: FinishedRun) -> str:
    first, last = look_up(record.run, "first_utc"), look_up(record.run, "last_utc")
    text = f"{words(first)} to {words(last)}"
    return text.replace("T", " ").replace("Z", " UTC")


def _page_data(
    crack_frames: Sequence[CrackFrame], fixes: Sequence[Fix], start_ns: int
) -> dict[str, object]:
    """Return what the page's script needs: crack frames with thumbnails, and the timed track."""
    step = max(1, math.ceil(len(crack_frames) / MOST_THUMBS))
    bounds = grade_bounds(crack_frames)
    places = [(fix.lat_deg, fix.lon_deg) for fix in fixes]
    placed = [frame.place_deg for frame in crack_frames if frame.place_deg is not None]
    map_frame = fit([*places, *placed]) if places or placed else None
    return {
        "frames": [
            {
                "index": frame.frame,
                "time": frame.time_s,
                "utc": frame.utc,
                "place": frame.place_deg,
                "xy": map_frame.xy(frame.place_deg) if map_frame and frame.place_deg else None,
                "share": frame.area_share,
                "pieces": frame.crack_count,
                "heading": frame.heading_deg,
                "speed": frame.speed_mps,
                "grade": grade(frame.area_share, bounds),
                "thumb": marked(frame, THUMB_PX) if index % step == 0 else "",
            }
            for index, frame in enumerate(crack_frames)
        ],
        "track": [
            [round((fix.time_ns - start_ns) / SECOND_NS, 3), *map_frame.xy(place)]
            for fix, place in zip(fixes, places, strict=True)
            if map_frame is not None
        ],
    }


def _script_safe(data: object) -> str:
    """Return JSON in which no text can end the page's script element."""
    return json.dumps(data, separators=(",", ":"), allow_nan=False).replace("<", "\\u003c")
