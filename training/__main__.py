"""``edgecrack-train``: fit a network, score a checkpoint."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edgecrack.errors import INTERRUPTED, EdgecrackError, UsageError

if TYPE_CHECKING:
    from training.loop import Epoch
    from training.unet import UNet
    from training.validation import SetScore

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    help="Train U-Net on pictures of cracked pavement, and score what came out.",
)

Data = Annotated[
    Path,
    typer.Option(
        "--data", envvar="EDGECRACK_DATA", help="Folder that the configuration's paths start from."
    ),
]


class _Screen:
    """Shows a run on a terminal: a bar for each epoch, a line when it is over."""

    def __init__(self, progress: Progress, steps: int, epochs: int) -> None:
        self._progress, self._epochs = progress, epochs
        self._task = progress.add_task("epoch 1", total=steps)

    def step(self, done: int, loss: float) -> None:
        """Move the bar."""
        self._progress.update(self._task, completed=done, description=f"loss {loss:7.4f}")

    def epoch(self, epoch: Epoch, net: UNet) -> None:
        """Print what the epoch came to."""
        del net
        scores = "  ".join(
            f"{name} F1 {100 * found['ods']['f1']:.2f} ({found['protocol']['tolerance_px']:g} px)"
            for name, found in epoch.validation.items()
        )
        self._progress.console.print(
            f"epoch {epoch.number}/{self._epochs}  loss {epoch.loss:.4f}  {scores}  "
            f"{epoch.seconds:.0f} s",
            highlight=False,
            soft_wrap=True,
        )


@app.command()
def fit(
    config: Annotated[Path, typer.Argument(help="A TOML file, such as configs/train/*.toml.")],
    out: Annotated[Path, typer.Option(help="Folder for checkpoints, metrics and panels.")],
    data: Data = Path("../shared/data"),
    *,
    resume: Annotated[bool, typer.Option(help="Go on from OUT/last.pt, bit for bit.")] = False,
) -> None:
    """Train a network as CONFIG says; keeps last.pt, best.pt, metrics.jsonl and panels in OUT.

    Example: edgecrack-train fit configs/train/crackforest.toml --out runs/crackforest
    """
    from training.checkpoint import load_checkpoint  # noqa: PLC0415  torch takes seconds
    from training.config import load_config  # noqa: PLC0415
    from training.journal import Journal  # noqa: PLC0415
    from training.loop import Trainer  # noqa: PLC0415

    chosen = load_config(config)
    earlier = load_checkpoint(out / "last.pt") if resume else None
    if earlier and earlier.config != chosen:
        raise UsageError(
            f"{out / 'last.pt'} was trained with another configuration than {config}; give that "
            f"one ({out / 'config.json'} shows it), or another --out."
        )
    trainer = Trainer(chosen, data, earlier)
    journal = Journal(out, chosen, data, trainer.finished)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(
        *columns, console=console, transient=True, disable=not console.is_terminal
    ) as progress:
        screen = _Screen(progress, chosen.fit.steps_per_epoch, chosen.fit.epochs)
        try:
            for epoch in trainer.epochs(screen):
                journal.record(epoch, trainer.average)
                journal.keep(trainer, epoch)
        except KeyboardInterrupt as stop:
            typer.echo("stopped; --resume goes on from the last epoch that was finished.", err=True)
            raise typer.Exit(INTERRUPTED) from stop
        finally:
            journal.close()
    typer.echo(out / "best.pt" if (out / "best.pt").exists() else out / "last.pt")


@app.command()
def evaluate(
    checkpoint: Annotated[Path, typer.Argument(help="A checkpoint, such as runs/x/best.pt.")],
    data: Data = Path("../shared/data"),
    part: Annotated[str, typer.Option(help="train, validation or test.")] = "test",
    tolerance: Annotated[
        list[float] | None, typer.Option(help="Tolerance in px of the full picture; repeatable.")
    ] = None,
    only: Annotated[str | None, typer.Option("--set", help="Name of one data set.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for machines.")] = False,
) -> None:
    """Score CHECKPOINT on a held part of the data it was configured with.

    Example: edgecrack-train evaluate runs/vehicle/best.pt --set nha12d --tolerance 5 --tolerance 10
    """
    from training.checkpoint import load_checkpoint  # noqa: PLC0415  torch takes seconds
    from training.dataset import PARTS  # noqa: PLC0415
    from training.evaluation import evaluate as scores_of  # noqa: PLC0415

    if part not in PARTS:
        raise UsageError(f"--part must be one of {', '.join(PARTS)}, not '{part}'.")
    if not all(0 <= each <= 100 for each in tolerance or ()):
        raise UsageError("--tolerance must be 0 to 100 px.")
    kept = load_checkpoint(checkpoint)
    known = [each for each in kept.config.data if each.split]
    chosen = [each for each in known if only in {None, each.name}]
    if not chosen:
        names = ", ".join(f"'{each.name}'" for each in known) or "no data set"
        raise UsageError(f"{checkpoint} was configured with {names} that has a split; choose one.")
    net = kept.network()
    found = [
        score
        for each in chosen
        for score in scores_of(net, each, data, part, tolerance or [each.validate_px or 0])
    ]
    if as_json:
        typer.echo(json.dumps([score.as_json() for score in found], indent=2))
    else:
        for each_score in found:
            _say(each_score)


def _say(found: SetScore) -> None:
    """Print one score in two lines; the second is the protocol without which it means nothing."""
    at, ods, ois = found.at_threshold, found.ods, found.ois
    origin = "of validation" if at else "of this very part"
    chosen = at or ods
    typer.echo(
        f"{found.name}: F1 {100 * chosen.f1:.2f} (precision {100 * chosen.precision:.2f}, recall "
        f"{100 * chosen.recall:.2f}, IoU {100 * chosen.iou:.2f}) at the ODS threshold {origin}, "
        f"{chosen.threshold}; ODS {100 * ods.f1:.2f}, OIS {100 * ois.f1:.2f}"
    )
    typer.echo(f"    {found.protocol}")


def main() -> None:
    """Run the command line and end with the error's exit code."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    try:
        app()
    except EdgecrackError as error:
        typer.echo(f"edgecrack-train: {error}", err=True)
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        typer.echo("edgecrack-train: stopped; --resume goes on from the last epoch.", err=True)
        sys.exit(INTERRUPTED)


if __name__ == "__main__":
    main()
