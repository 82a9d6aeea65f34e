"""``edgecrack-train leave-out``: train without a data set, and score on it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from edgecrack.errors import UsageError
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.replace_file import replace_file
from training.commands.fitting import best_of, run_fit
from training.commands.options import Data

if TYPE_CHECKING:
    from training.checkpoint import Checkpoint
    from training.config import TrainConfig
    from training.leave_out import LeaveOutScore, LeftOut
    from training.scoring import SetScore

Config = Annotated[
    Path, typer.Argument(help="Configuration of the whole run, such as configs/train/dashcam.toml.")
]
Out = Annotated[
    Path,
    typer.Option(
        help="Folder of the table, leave_out.md and leave_out.json, and of a run for each set; the "
        "same one again goes on where it stopped."
    ),
]
SetNames = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        help="Set to leave out, or road as 'SET ROAD'. Give it several times for several.",
        show_default="each set with crack labels, and each road of a set with a group",
    ),
]
Epochs = Annotated[
    int | None,
    typer.Option(min=1, help="Epochs of each run.", show_default="those of CONFIG"),
]
Whole = Annotated[
    Path | None,
    typer.Option(
        help="Checkpoint of a run with all sets, to compare with on the same pictures.",
        show_default=False,
    ),
]
JudgedPart = Annotated[
    str,
    typer.Option(
        help="Pictures of the set to score on, validation or test; where it has none, all of them."
    ),
]


def leave_out(
    config: Config,
    out: Out,
    data: Data = Path("../shared/data"),
    set_name: SetNames = None,
    epochs: Epochs = None,
    whole: Whole = None,
    part: JudgedPart = "validation",
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
) -> None:
    """Train CONFIG's recipe without each of its sets in turn, and score each run on what it lacks.

    So it is told how well the recipe does on roads it has never seen. A score is at the threshold
    that is best for the validation pictures of the other sets, within validate_px of its own set.
    Each run is an ordinary one in a folder of OUT.

    Example: edgecrack-train leave-out configs/train/dashcam.toml --out runs/unseen --set nha12d
    """
    from training.checkpoint import load_checkpoint  # noqa: PLC0415  torch takes seconds
    from training.config import load_config  # noqa: PLC0415
    from training.leave_out import all_left_out, without  # noqa: PLC0415
    from training.resolve import resolve_splits  # noqa: PLC0415

    if part not in {"validation", "test"}:
        raise UsageError(f"--part must be validation or test, not '{part}'.")
    settings = resolve_splits(load_config(config), data)
    if epochs:
        fit = settings.fit.model_copy(update={"epochs": epochs})
        settings = settings.model_copy(update={"fit": fit})
    chosen = _chosen(all_left_out(settings, data, part), set_name)
    runs = [(left_out, without(settings, data, left_out)) for left_out in chosen]
    compared = load_checkpoint(whole) if whole else None
    rows = []
    for left_out, without_it in runs:
        typer.echo(f"without {left_out.name}", err=True)
        best = _trained(without_it, data, out / _folder_name(left_out.name), config)
        rows.append(_score(load_checkpoint(best), compared, left_out, data))
        _write(rows, out)
    typer.echo(_as_json(rows) if as_json else _markdown(rows))


def _chosen(all_of_them: list[LeftOut], names: list[str] | None) -> list[LeftOut]:
    known = [left_out.name for left_out in all_of_them]
    if wrong := set(names or ()) - set(known):
        raise UsageError(
            f"--set must be one of {', '.join(map(repr, known)) or 'none'}, not '{min(wrong)}'."
        )
    return [left_out for left_out in all_of_them if not names or left_out.name in names]


def _folder_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "_", name)


def _trained(settings: TrainConfig, root: Path, out: Path, config: Path) -> Path:
    """Train, or go on, unless the run is finished; return its best checkpoint."""
    from training.checkpoint import load_checkpoint  # noqa: PLC0415

    last = out / "last.pt"
    if last.exists():
        earlier = load_checkpoint(last)
        if earlier.config == settings and earlier.epoch == settings.fit.epochs:
            return best_of(out)
    return run_fit(settings, root, out, config, resume=last.exists())


def _score(
    checkpoint: Checkpoint, whole: Checkpoint | None, left_out: LeftOut, root: Path
) -> LeaveOutScore:
    from training.leave_out import (  # noqa: PLC0415
        LeaveOutScore,
        has_not_trained_on,
        score_left_out,
    )

    comparable = whole is not None and has_not_trained_on(whole, root, left_out.judged)
    in_domain = score_left_out(whole, left_out) if whole and comparable else None
    return LeaveOutScore(score_left_out(checkpoint, left_out), in_domain)


def _write(rows: list[LeaveOutScore], out: Path) -> None:
    for name, text in (("leave_out.json", _as_json(rows)), ("leave_out.md", _markdown(rows))):
        replace_file(LocalDisk(), out / name, f"{text}\n".encode())


def _as_json(rows: list[LeaveOutScore]) -> str:
    return json.dumps([row.as_json() for row in rows], indent=2)


def _markdown(rows: list[LeaveOutScore]) -> str:
    """Return the table in percent, with the protocol of each row below it."""
    header = (
        "| left out | F1 | precision | recall | cells F1 | area | in domain F1 | cells | share |"
    )
    lines = [header, "|---|" + "--:|" * 8]
    for row in rows:
        entry = row.left_out
        fixed = (entry.fixed.f1, entry.fixed.precision, entry.fixed.recall)
        area = "-" if entry.fixed.area_ratio is None else f"{entry.fixed.area_ratio:.2f}"
        cells = [entry.name, *map(_percent, fixed), _cells(entry), area]
        cells += [_percent(row.in_domain.fixed.f1) if row.in_domain else "-"]
        cells += [_cells(row.in_domain), "-" if row.share is None else _percent(row.share)]
        lines.append(f"| {' | '.join(cells)} |")
    protocols = [f"- {row.left_out.name}: {row.left_out.protocol}" for row in rows]
    return "\n".join([*lines, "", *protocols])


def _percent(share: float) -> str:
    return f"{100 * share:.2f}"


def _cells(entry: SetScore | None) -> str:
    return _percent(entry.cells.f1) if entry and entry.cells else "-"
