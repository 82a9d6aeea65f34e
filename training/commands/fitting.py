"""A training run as commands show it: progress while it runs, and what is said at its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from edgecrack.errors import INTERRUPTED, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from training.checkpoint import Checkpoint
    from training.config import FitConfig, TrainConfig
    from training.loop import Epoch, Trainer
    from training.run_log import RunLog
    from training.unet import UNet


def run_fit(settings: TrainConfig, root: Path, out: Path, config: Path, *, resume: bool) -> Path:
    """Train as ``settings`` say, write the run to ``out``, and return its best checkpoint.

    Args:
        settings: What to train; its splits are by ids.
        root: The data folder.
        out: The folder of the run.
        config: Where the settings come from, for messages.
        resume: Whether ``out`` holds a run to continue.

    Raises:
        UsageError: If the run to continue has other settings.
    """
    from training.loop import Trainer  # noqa: PLC0415  torch takes seconds
    from training.run_log import RunLog  # noqa: PLC0415

    earlier = _earlier(out / "last.pt", settings, config) if resume else None
    trainer = Trainer(settings, root, earlier)
    _print_disputed(trainer)
    log = RunLog(out, settings, root, trainer.finished if resume else None)
    _train(trainer, log, settings.fit)
    _print_stop(trainer)
    _print_comparison(log)
    best = best_of(out)
    if settings.fit.validate_every:
        _write_charts(best, root, out / "plots")
    return best


def best_of(out: Path) -> Path:
    """Return the best checkpoint of a run: the last one, if it was never validated."""
    return out / "best.pt" if (out / "best.pt").exists() else out / "last.pt"


def _write_charts(best: Path, root: Path, folder: Path) -> None:
    """Draw the charts of the validation pictures, scored by the best checkpoint."""
    from training.checkpoint import load_checkpoint  # noqa: PLC0415
    from training.evaluation import evaluate  # noqa: PLC0415
    from training.score_charts import write_charts  # noqa: PLC0415
    from training.scoring import held_sets  # noqa: PLC0415

    checkpoint = load_checkpoint(best)
    net = checkpoint.network()
    evaluations = [
        evaluate(net, data, root, "validation", [data.validate_px or 0.0])
        for data, _ in held_sets(checkpoint.config, root)
        if data.has_crack_labels
    ]
    write_charts(net, evaluations, folder)


class _ProgressDisplay:
    """Shows a run on a terminal: a progress bar during an epoch, a line after it."""

    def __init__(self, progress: Progress, steps: int, epochs: int) -> None:
        self._progress, self._epochs = progress, epochs
        self._task = progress.add_task("epoch 1", total=steps)

    def step(self, done: int, loss: float) -> None:
        """Advance the progress bar."""
        self._progress.update(self._task, completed=done, description=f"loss {loss:7.4f}")

    def epoch(self, epoch: Epoch, net: UNet) -> None:
        """Print the epoch's loss and scores."""
        del net
        scores = "  ".join(
            f"{name} F1 {100 * score['ods']['f1']:.2f} ({score['protocol']['tolerance_px']:g} px)"
            for name, score in epoch.validation.scores.items()
        )
        for name, alarms in epoch.validation.alarms.items():
            scores += f"  {name} {alarms}"
        if epoch.validation.quality is not None:
            scores += f"  quality {100 * epoch.validation.quality:.2f}"
        loss = "the start" if epoch.loss is None else f"loss {epoch.loss:.4f}"
        self._progress.console.print(
            f"epoch {epoch.number}/{self._epochs}  {loss}  {scores}  {epoch.seconds:.0f} s",
            highlight=False,
            soft_wrap=True,
        )


def _print_disputed(trainer: Trainer) -> None:
    for name, share in trainer.disputed.items():
        typer.echo(
            f"data set '{name}': its area masks call {100 * share:.2f} % of its crack pixels not "
            "road or paint; nothing is learnt from those.",
            err=True,
        )


def _print_stop(trainer: Trainer) -> None:
    if trainer.stopped_early:
        typer.echo(
            f"stopped after epoch {trainer.finished}: the last {trainer.config.fit.stop_after} "
            "validations had no better quality (fit.stop_after).",
            err=True,
        )


def _print_comparison(log: RunLog) -> None:
    from training.comparison import compare  # noqa: PLC0415

    comparison = compare(log.entries())
    if comparison is None:
        return
    best = f"epoch {comparison.best_epoch}" if comparison.best_epoch else "none better"
    lines = [("in %", "start", best)] + [
        (row.label, f"{row.start_percent:.3f}", f"{row.best_percent:.3f}")
        for row in comparison.rows
    ]
    width = max(len(label) for label, _, _ in lines)
    for label, start, best in lines:
        typer.echo(f"{label:{width}}  {start:>9}  {best:>11}", err=True)


def _earlier(last: Path, settings: TrainConfig, config: Path) -> Checkpoint:
    """Return the checkpoint to continue from, which must be of these settings."""
    from training.checkpoint import load_checkpoint  # noqa: PLC0415

    earlier = load_checkpoint(last)
    if earlier.config != settings:
        raise UsageError(
            f"{config} must be the configuration of {last} and draw the same split, but differs; "
            f"give that one ({last.with_name('config.json')} shows it), or another --out."
        )
    return earlier


def _train(trainer: Trainer, log: RunLog, fit_settings: FitConfig) -> None:
    """Train to the end, or until Ctrl-C; every finished epoch is logged and kept."""
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
        display = _ProgressDisplay(progress, fit_settings.steps_per_epoch, fit_settings.epochs)
        try:
            for epoch in trainer.epochs(display):
                log.record(epoch, trainer.average)
                log.keep(trainer, epoch)
        except KeyboardInterrupt as stop:
            typer.echo("stopped; --resume continues from the last finished epoch.", err=True)
            raise typer.Exit(INTERRUPTED) from stop
        finally:
            log.close()
