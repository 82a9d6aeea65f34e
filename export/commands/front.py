"""``edgecrack-export front``: networks side by side, accuracy against time."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from edgecrack.errors import InputError, UsageError
from edgecrack.program.picture_size import size_of
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file
from export.commands.options import UNCHECKED, Json

if TYPE_CHECKING:
    from export.front import Candidate, Front


Networks = Annotated[
    list[Path],
    typer.Argument(
        metavar="CONFIG|CHECKPOINT|BUNDLE...",
        help="Configurations, .pt files, or folders of bundles.",
        **UNCHECKED,
    ),
]
LeftOut = Annotated[
    list[str] | None,
    typer.Option(
        metavar="NAME=FILE",
        help="leave_out.json of edgecrack-train leave-out, for the network of this name; "
        "repeatable.",
    ),
]


def front(
    networks: Networks,
    out: Annotated[
        Path,
        typer.Option(help="Folder for front.md, front.json and front.png.", **UNCHECKED),
    ],
    left_out: LeftOut = None,
    size: Annotated[str, typer.Option(help="Input size WxH of the networks.")] = "960x544",
    turns: Annotated[int, typer.Option(min=1, help="Timed calls of each network.")] = 30,
    *,
    as_json: Json = False,
) -> None:
    """Time networks in turns, beside the paper's U-Net, and list F1 and cost of each.

    A bundle is run by every backend and in every precision that this machine has, at its first
    size. F1 is that of the checkpoint's validation; a configuration has none, and its weights are
    random.
    The paper's network runs at the paper's 480x320 and is compared pixel by pixel.

    Example: edgecrack-export front runs/n/best.pt runs/s/best.pt --out front --left-out n=n.json
    """
    size_px = size_of(size)
    files = dict(_named(text) for text in left_out or [])
    from export.front import measure_front, paper_candidate  # noqa: PLC0415  torch takes seconds
    from export.front_table import markdown  # noqa: PLC0415

    candidates = [each for path in networks for each in _candidates(path, size_px, files)]
    names = [candidate.name for candidate in candidates]
    if unknown := [name for name in files if name not in names]:
        raise UsageError(
            f"--left-out names '{unknown[0]}', but the networks are {', '.join(names)}."
        )
    measured = measure_front(candidates, paper_candidate(), turns)
    _write(measured, out)
    if as_json:
        typer.echo(json.dumps(measured.as_json(), indent=2))
    else:
        typer.echo(markdown(measured), nl=False)


def _named(text: str) -> tuple[str, Path]:
    name, separator, file = text.rpartition("=")
    if not separator or not name or not file:
        raise UsageError(f"--left-out is written like crack-n=leave_out.json, not '{text}'.")
    return name, Path(file)


def _candidates(path: Path, size_px: tuple[int, int], files: dict[str, Path]) -> list[Candidate]:
    from edgecrack.bundle import load_bundle  # noqa: PLC0415
    from export.front import candidates_of  # noqa: PLC0415  torch takes seconds

    if path.is_dir():
        return candidates_of(load_bundle(path))
    return [_candidate(path, size_px, files)]


def _candidate(path: Path, size_px: tuple[int, int], files: dict[str, Path]) -> Candidate:
    from export.front import Candidate, validation_f1  # noqa: PLC0415  torch takes seconds
    from training.checkpoint import load_checkpoint  # noqa: PLC0415
    from training.config import load_config  # noqa: PLC0415
    from training.unet import UNet  # noqa: PLC0415

    f1 = None
    if path.suffix == ".pt":
        checkpoint = load_checkpoint(path)
        name, net = checkpoint.config.name, checkpoint.network()
        f1 = validation_f1(checkpoint.metrics)
    else:
        config = load_config(path)
        name, net = config.name, UNet(config.model).eval()
    return Candidate(name, net, size_px, f1, _left_out_f1(files[name]) if name in files else None)


def _left_out_f1(file: Path) -> float:
    """Return the mean F1 over what was left out."""
    try:
        rows: list[dict[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
        scores = [row["left_out"] for row in rows]
        values = [float((score["at_threshold"] or score["ods"])["f1"]) for score in scores]
        return sum(values) / len(values)
    except (OSError, ValueError, TypeError, LookupError, ArithmeticError) as error:
        raise InputError(
            f"{file} must be a leave_out.json of edgecrack-train leave-out, but: {error!r:.200}."
        ) from error


def _write(measured: Front, out: Path) -> None:
    from export.front_table import markdown, picture  # noqa: PLC0415  Matplotlib takes a second

    disk = LocalDisk()
    make_folders(disk, out)
    replace_file(disk, out / "front.md", markdown(measured).encode())
    text = json.dumps(measured.as_json(), indent=2) + "\n"
    replace_file(disk, out / "front.json", text.encode())
    replace_file(disk, out / "front.png", picture(measured))
