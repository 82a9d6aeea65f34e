"""``edgecrack-train fit``: train a network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edgecrack.errors import INTERRUPTED, UsageError
from training.commands.options import Data

if TYPE_CHECKING:
    from training.loop import Epoch
    from training.unet import UNet


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
    from training.loop import Trainer  # noqa: PLC0415
    from training.run_log import RunLog  # noqa: PLC0415

    chosen = load_config(config)
    earlier = load_checkpoint(out / "last.pt") if resume else None
    if earlier and earlier.config != chosen:
        raise UsageError(
            f"{out / 'last.pt'} was trained with another configuration than {config}; give that "
            f"one ({out / 'config.json'} shows it), or another --out."
        )
    trainer = Trainer(chosen, data, earlier)
    log = RunLog(out, chosen, data, trainer.finished)
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
                log.record(epoch, trainer.average)
                log.keep(trainer, epoch)
        except KeyboardInterrupt as stop:
            typer.echo("stopped; --resume goes on from the last epoch that was finished.", err=True)
            raise typer.Exit(INTERRUPTED) from stop
        finally:
            log.close()
    typer.echo(out / "best.pt" if (out / "best.pt").exists() else out / "last.pt")
