"""``edgecrack``: run a survey, see the demo, prove a bundle."""

from __future__ import annotations

import json
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from edgecrack import __version__
from edgecrack.errors import INTERRUPTED, EdgecrackError, NotHealthyError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Find cracks in road video, each with a place on Earth.",
)

# What cannot be read or written is told by whoever tries, with the exit code that fits.
_UNCHECKED: dict[str, Any] = {"readable": False}

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"edgecrack {__version__}")
        raise typer.Exit


@app.callback()
def edgecrack(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Take the options that stand before any command."""
    del version


@app.command()
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
            help="A unit.toml with any of these options; those given here win.", **_UNCHECKED
        ),
    ] = None,
    position: Annotated[
        str | None, typer.Option(help="NMEA or GPX file, or serial:///dev/ttyUSB0?baud=9600.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(help="Bundle directory. [default: the model that comes along]", **_UNCHECKED),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            help="Folder for the results, new or empty. [default: runs/NOW]", **_UNCHECKED
        ),
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
    from edgecrack.config import configure  # noqa: PLC0415  pydantic
    from edgecrack.pipeline import Stop  # noqa: PLC0415
    from edgecrack.run import run as survey  # noqa: PLC0415
    from edgecrack.table import report_table  # noqa: PLC0415

    if file is None and "source" not in given:
        raise UsageError("a run needs a SOURCE, such as drive.mp4, or --config unit.toml.")
    chosen = configure(given, file)
    stop = Stop()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    with _counter("frames") as count:
        outcome = survey(chosen, stop, count)
    if as_json:
        typer.echo(json.dumps({"out": str(outcome.out), **outcome.report}, indent=2))
    else:
        Console().print(report_table(outcome.report))
        typer.echo(outcome.out)
    if outcome.was_interrupted:
        sys.exit(INTERRUPTED)


def _region(text: str) -> list[int]:
    parts = text.split(",")
    if len(parts) != 4 or not all(part.strip().isdecimal() for part in parts):
        raise UsageError(
            f"--region is written x,y,w,h in pixels, such as 0,540,1920,540, not '{text}'."
        )
    return [int(part) for part in parts]


@contextmanager
def _counter(what: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """Show progress on a terminal; elsewhere stay silent."""
    from rich.progress import (  # noqa: PLC0415  only when something long runs
        BarColumn,
        MofNCompleteColumn,
        Progress,
        SpinnerColumn,
        TextColumn,
        TimeElapsedColumn,
    )

    columns = (
        SpinnerColumn(),
        MofNCompleteColumn(),
        TextColumn(what),
        BarColumn(),
        TimeElapsedColumn(),
    )
    console = Console(stderr=True)
    hidden = not console.is_terminal
    with Progress(*columns, console=console, transient=True, disable=hidden) as bar:
        task = bar.add_task(what, total=total)
        yield lambda done: bar.update(task, completed=done)


@app.command()
def demo(
    out: Annotated[
        Path, typer.Option(help="Folder for the page; an earlier demo is replaced.", **_UNCHECKED)
    ] = Path("demo"),
    seed: Annotated[int, typer.Option(help="Another seed is another road.")] = 7,
    seconds: Annotated[float, typer.Option(help="Length of the drive.", min=1, max=120)] = 8.0,
    as_json: Json = False,
) -> None:
    """Render a synthetic drive, survey it with the default model, and write OUT/index.html."""
    from edgecrack.demo.drive import DriveSpec  # noqa: PLC0415
    from edgecrack.demo.show import show  # noqa: PLC0415
    from edgecrack.table import report_table  # noqa: PLC0415

    spec = DriveSpec(seed=seed, seconds=seconds)
    with _counter("frames of a synthetic drive", spec.frame_count) as count:
        shown = show(out, spec, count)
    if as_json:
        scores = {each.name: each.f1 for each in shown.scores}
        said = {"page": str(shown.page), "f1": scores, **shown.outcome.report}
        typer.echo(json.dumps(said, indent=2))
        return
    Console().print(report_table(shown.outcome.report))
    for each in shown.scores:
        typer.echo(f"F1 {100 * each.f1:.1f}  ({each.protocol})")
    typer.echo(f"Look at {shown.page}")


@app.command()
def selftest(
    bundle: Annotated[
        Path | None,
        typer.Argument(
            help="Bundle directory. [default: the model that comes along]", **_UNCHECKED
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check every digest of BUNDLE and run its golden frames on this device; exit 0 or 3."""
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from edgecrack.models import default_bundle  # noqa: PLC0415
    from edgecrack.selftest import selftest as prove  # noqa: PLC0415
    from edgecrack.table import selftest_table  # noqa: PLC0415

    found = prove(default_bundle() if bundle is None else load_bundle(bundle))
    if as_json:
        typer.echo(json.dumps(found.as_json(), indent=2))
    else:
        Console().print(selftest_table(found))
    if not found.passed:
        raise NotHealthyError(
            f"{found.name} {found.release} does not give the answers it promises on this device; "
            "use another bundle."
        )


def main() -> None:
    """Run the command line and end with the error's exit code."""
    try:
        app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
