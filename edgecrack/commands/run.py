"""``edgecrack run``: survey a source."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from edgecrack.commands.options import UNCHECKED, Json
from edgecrack.commands.progress import progress_bar
from edgecrack.errors import INTERRUPTED, UsageError


def run(
    source: Annotated[
        str | None,
        typer.Argument(
            help="Video file or URI, v4l2:///dev/video0, test:, or a directory of images."
        ),
    ] = None,
    *,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A unit.toml with any of these options; those given here win.", **UNCHECKED
        ),
    ] = None,
    position: Annotated[
        str | None, typer.Option(help="NMEA or GPX file, or serial:///dev/ttyUSB0?baud=9600.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Bundle directory. [default: the model that comes along]", **UNCHECKED),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Folder for the results, new or empty. [default: runs/NOW]", **UNCHECKED),
    ] = None,
    video_start: Annotated[
        str | None, typer.Option(help="UTC of the video's first instant, 2026-05-01T12:00:00Z.")
    ] = None,
    region: Annotated[
        str | None, typer.Option(help="x,y,w,h in source pixels: where to look. [default: all]")
    ] = None,
    rate: Annotated[
        float | None, typer.Option(help="Pictures a second of a directory of images.")
    ] = None,
    live: Annotated[
        bool | None,
        typer.Option("--live/--file", help="Newest frame wins / no frame is dropped. [by source]"),
    ] = None,
    all_masks: Annotated[
        bool | None, typer.Option("--all-masks", help="A mask for every frame, crack or not.")
    ] = None,
    overlay: Annotated[
        bool | None, typer.Option("--overlay", help="Write overlay.mp4 with the cracks drawn in.")
    ] = None,
    no_frames: Annotated[
        bool, typer.Option("--no-frames", help="Keep no evidence pictures.")
    ] = False,
    min_crack_share: Annotated[
        float | None,
        typer.Option(help="Smallest crack area that counts, as a share of the region."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Survey SOURCE: crack masks, GeoJSON, and an FPS report, in a folder of their own.

    Example: edgecrack run drive.mp4 --position drive.gpx --video-start 2026-05-01T12:00:00Z

    Or: edgecrack run photos/ --rate 2 --all-masks

    Or: edgecrack run v4l2:///dev/video0 --position serial:///dev/ttyUSB0
    """
    given = {
        "source": source,
        "position": position,
        "model": model,
        "out": out,
        "video_start": video_start,
        "region": None if region is None else _region(region),
        "rate_fps": rate,
        "live": live,
        "all_masks": all_masks,
        "overlay": overlay,
        "frames": False if no_frames else None,
        "min_crack_share": min_crack_share,
    }
    _survey(config, {key: value for key, value in given.items() if value is not None}, as_json)


def _survey(file: Path | None, given: dict[str, Any], as_json: bool) -> None:
    from edgecrack.commands.tables import report_table  # noqa: PLC0415
    from edgecrack.config import configure  # noqa: PLC0415  pydantic
    from edgecrack.pipeline import StopSignal  # noqa: PLC0415
    from edgecrack.run import run as survey  # noqa: PLC0415

    if file is None and "source" not in given:
        raise UsageError("a run needs a SOURCE, such as drive.mp4, or --config unit.toml.")
    chosen = configure(given, file)
    stop = StopSignal()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with progress_bar("frames") as count:
        outcome = survey(chosen, stop, count)
    if as_json:
        typer.echo(json.dumps({"out": str(outcome.out), **outcome.report}, indent=2))
    else:
        Console().print(report_table(outcome.report))
        typer.echo(outcome.out)
    if outcome.was_interrupted:
        raise typer.Exit(INTERRUPTED)


def _region(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(
            f"--region is written x,y,w,h in pixels, such as 0,540,1920,540, not '{text}'."
        )
    return [int(part) for part in parts]
