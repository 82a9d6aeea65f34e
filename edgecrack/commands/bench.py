"""``edgecrack bench``: how fast each way to run a model is here, and whether it finds the same."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from edgecrack.commands.options import UNCHECKED, Json
from edgecrack.commands.progress import progress_bars
from edgecrack.program.command_group import CommandGroup
from edgecrack.program.picture_size import size_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from edgecrack.bench.result import BenchResult

bench = typer.Typer(cls=CommandGroup)

Model = Annotated[
    Path | None,
    typer.Option(
        "--model",
        help="Bundle directory, or the name of a model that comes along.",
        show_default="vehicle",
        **UNCHECKED,
    ),
]
Source = Annotated[
    str | None,
    typer.Option(
        help="A video for whole runs, live runs, and to compare the masks on.",
        show_default="a short drive is rendered",
    ),
]
Duration = Annotated[
    float, typer.Option(help="Seconds that each measurement lasts; 100 inferences at least.")
]
WholeRuns = Annotated[
    bool, typer.Option("--whole-runs/--inference-only", help="Measure whole runs, too.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--out", help="File for the JSON, to compare later.", **UNCHECKED)
]
MarkdownFile = Annotated[Path | None, typer.Option(help="File for Markdown.", **UNCHECKED)]
ChartFile = Annotated[Path | None, typer.Option("--png", help="File for a chart.", **UNCHECKED)]


@bench.callback(invoke_without_command=True)
def measure(
    context: typer.Context,
    bundle: Model = None,
    backend: Annotated[str, typer.Option(help="One backend, or all that are here.")] = "all",
    precision: Annotated[str, typer.Option(help="One precision, or all.")] = "all",
    size: Annotated[str, typer.Option(help="One input size, such as 960x544, or all.")] = "all",
    source: Source = None,
    live_fps: Annotated[float, typer.Option(help="Pictures a second of the live camera.")] = 30.0,
    duration: Duration = 10.0,
    whole_runs: WholeRuns = True,
    out: JsonFile = None,
    markdown: MarkdownFile = None,
    png: ChartFile = None,
    as_json: Json = False,
) -> None:
    """Measure every backend, precision and input size of a model on this machine.

    For each: load time; latency of one frame; frames a second; a whole run over a video with every
    mask and picture written; the age of results of a live camera; memory; CPU time; and how far the
    masks are from those of FP32, so that nobody buys speed with other masks unknowingly. Each is
    measured in a process of its own. Leave the machine alone meanwhile.

    Example: edgecrack bench --backend openvino --size 960x544 --source drive.mp4 --out before.json

    Then: edgecrack bench compare before.json after.json
    """
    if context.invoked_subcommand is not None:
        return
    from edgecrack.bench.benchmark import BenchSpec, benchmark  # noqa: PLC0415  OpenCV

    size_px = None if size == "all" else size_of(size)
    asked = BenchSpec(bundle, backend, precision, size_px, source, live_fps, duration, whole_runs)
    with progress_bars() as show:
        result = benchmark(asked, show)
    text = json.dumps(result.as_json(), indent=2) + "\n"
    _write(result, text, {"json": out, "markdown": markdown, "png": png})
    if as_json:
        typer.echo(text, nl=False)
    else:
        _print(result)


@bench.command()
def compare(
    before: Annotated[Path, typer.Argument(help="JSON of an earlier benchmark.", **UNCHECKED)],
    after: Annotated[Path, typer.Argument(help="JSON of a later one.", **UNCHECKED)],
    as_json: Json = False,
) -> None:
    """Say what changed between two benchmarks beyond their noise, ready to paste into a ticket.

    Example: edgecrack bench compare before.json after.json
    """
    from edgecrack.bench.comparison import compare as compared  # noqa: PLC0415
    from edgecrack.bench.comparison import load_bench  # noqa: PLC0415

    comparison = compared(load_bench(before), load_bench(after))
    if as_json:
        typer.echo(json.dumps(comparison.as_json(), indent=2))
    else:
        typer.echo(comparison.as_text(), nl=False)


def _write(result: BenchResult, text: str, files: dict[str, Path | None]) -> None:
    """Write each file that was asked for, whole or not at all."""
    from edgecrack.bench.chart import chart_png  # noqa: PLC0415  Pillow
    from edgecrack.bench.markdown import markdown  # noqa: PLC0415
    from edgecrack.storage.disk import LocalDisk  # noqa: PLC0415
    from edgecrack.storage.folders import make_folders  # noqa: PLC0415
    from edgecrack.storage.replace_file import replace_file  # noqa: PLC0415

    makers: dict[str, Callable[[], bytes]] = {
        "json": text.encode,
        "markdown": lambda: markdown(result).encode(),
        "png": lambda: chart_png(result),
    }
    disk = LocalDisk()
    for kind, path in files.items():
        if path is not None:
            make_folders(disk, path.parent)
            replace_file(disk, path, makers[kind]())


def _print(result: BenchResult) -> None:
    from edgecrack.commands.bench_table import bench_table  # noqa: PLC0415

    Console().print(bench_table(result))
    for row in result.rows:
        typer.echo(f"{row.name}: {row.latency.as_trtexec()}")
