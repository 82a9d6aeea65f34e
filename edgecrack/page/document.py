"""One HTML page about a run: video, map and figures. Nothing comes from the network."""

from __future__ import annotations

from html import escape
from importlib import resources
from string import Template
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.page.film import film
from edgecrack.page.map_key import map_key
from edgecrack.page.shown_frames import chosen, page_data
from edgecrack.page.tables import (
    accuracy,
    counts,
    definitions,
    figure,
    speed_table,
    what_ran,
    words,
)
from edgecrack.page.track_map import draw_map, length_m
from edgecrack.run_reader import look_up, number
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from edgecrack.page.shown_frames import DrivenTrack
    from edgecrack.page.tables import Score
    from edgecrack.run_reader import CrackFrame, Run
    from edgecrack.storage.disk import Disk

SIGNATURE = b'<meta name="generator" content="edgecrack">'
"""What tells a page of ours from any other file; it stands in the first kilobyte."""

_ABOUT_A_SYNTHETIC_DRIVE = (
    "A camera recorded the road, a receiver its position, and a neural network on this machine "
    "marked the cracks. The road is synthetic, so its true cracks are known."
)


def write_page(
    page: Path,
    run: Run,
    driven: DrivenTrack | None = None,
    scores: Sequence[Score] = (),
    *,
    disk: Disk | None = None,
) -> Path:
    """Write a page about a run; always whole, durable on return. An earlier page is replaced.

    Args:
        page: The file to write; its folder is created if missing.
        run: What to show.
        driven: Where the vehicle was all the time, if that is known.
        scores: How the run's masks agree with the true masks, if there are any.
        disk: What writes the page; None is this machine's.

    Returns:
        The page.

    Raises:
        InputError: A file of the run cannot be read.
        SinkError: The page could not be written, or another file has its name.
    """
    _refuse_to_replace_a_foreign_file(page)
    text = render_page(run, page.parent, driven, scores)
    disk = disk or LocalDisk()
    make_folders(disk, page.parent)
    replace_file(disk, page, text.encode("utf-8", "replace"))
    return page


def render_page(
    run: Run, folder: Path, driven: DrivenTrack | None = None, scores: Sequence[Score] = ()
) -> str:
    """Return the page as HTML, to be kept in ``folder``; every value in it is escaped."""
    assets = resources.files("edgecrack.page") / "assets"
    style, script, template = (
        (assets / name).read_text(encoding="utf-8") for name in ("page.css", "page.js", "page.html")
    )
    shown, of_what = chosen(run.observations), _of_what(run)
    source = words(look_up(run.record, "source", "name")).rstrip("/").rpartition("/")[2]
    return Template(template).substitute(
        style=style,
        script=script,
        data=page_data(shown, driven, of_what),
        title="A drive and its cracks" if scores else f"Cracks in {source}",
        about=_ABOUT_A_SYNTHETIC_DRIVE if scores else _about(run, source),
        headline=_headline(run, driven, scores, of_what),
        film=film(run, folder),
        film_note=_film_note(run, shown, of_what),
        map=draw_map(driven.fixes if driven else (), shown, of_what),
        key=map_key(shown, of_what, has_track=driven is not None),
        counts=counts(run.report),
        speed=speed_table(run.report),
        ran=what_ran(run.record, run.report),
        accuracy=accuracy(scores),
    )


def _refuse_to_replace_a_foreign_file(page: Path) -> None:
    try:
        with page.open("rb") as file:
            is_page = SIGNATURE in file.read(1024)
    except FileNotFoundError:
        return
    except OSError as error:
        raise SinkError(
            f"{page} cannot be written: {error.strerror}; choose another --out"
        ) from error
    if not is_page:
        raise SinkError(f"{page} should be new or an earlier page but is not; choose another --out")


def _of_what(run: Run) -> str:
    """Return what a share of crack is a share of."""
    return "region" if look_up(run.record, "config", "source", "region_px") else "picture"


def _about(run: Run, source: str) -> str:
    """Return what a reader must know to read the page of an ordinary run."""
    text = (
        f"A neural network looked at the frames of {source} and marked in red what it takes for "
        "cracks. A position is that of the camera when it took the frame."
    )
    if not run.report:
        text += " <strong>This run has not ended, or was cut off: it has no figures yet.</strong>"
    return text


def _headline(run: Run, driven: DrivenTrack | None, scores: Sequence[Score], of_what: str) -> str:
    cracked = len(run.observations)
    located = sum(frame.place_deg is not None for frame in run.observations)
    most = max((frame.area_share for frame in run.observations), default=None)
    inferred = figure(look_up(run.report, "frames_inferred"), 0)
    facts = [
        ("Frames with cracks", f"{cracked:,} <small>of {inferred}</small>"),
        ("Frames surveyed a second", figure(look_up(run.report, "fps_out"))),
    ]
    if scores:
        facts.insert(0, ("F1 against the true masks", figure(100 * scores[0].f1, 1, " %")))
    else:
        share = figure(None if most is None else 100 * most, 2, " %")
        facts.append((f"Most crack in a frame, of the {of_what}", share))
    if driven:
        track = [(fix.lat_deg, fix.lon_deg) for fix in driven.fixes]
        facts.append(("Track", figure(length_m(track), 0, " m")))
    else:
        facts.append(
            ("Frames with cracks and a position", f"{located:,} <small>of {cracked:,}</small>")
        )
    return definitions(facts)


def _film_note(run: Run, shown: Sequence[CrackFrame], of_what: str) -> str:
    """Return what the bars below the picture mean, when it was, and what is left out."""
    least = number(look_up(run.record, "config", "detection", "min_crack_share"))
    parts = []
    if shown:
        most = figure(100 * max(frame.area_share for frame in shown), 2)
        parts.append(
            f"Bars: crack in % of the {of_what} over the time of the drive, the tallest {most} %."
        )
    else:
        bound = "" if least is None else f": {figure(100 * least, 2)} % of the {of_what}"
        parts.append(f"No frame has as much crack as counts{bound}.")
    if len(shown) < len(run.observations):
        parts.append(
            f"Of {len(run.observations):,} frames with cracks this page shows {len(shown):,}: in "
            "each stretch of the drive, the one with the most crack. All are in cracks.geojsonl."
        )
    first, last = look_up(run.record, "first_utc"), look_up(run.record, "last_utc")
    if first and last:
        parts.append(f"{_utc(first)} to {_utc(last)}.")
    else:
        parts.append("The time of day is not known.")
    return " ".join(parts)


def _utc(text: object) -> str:
    return escape(str(text).replace("T", " ").replace("Z", " UTC"))
