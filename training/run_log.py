"""What a run writes beside its checkpoints: metrics.jsonl, TensorBoard events, a panel an epoch."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING

from edgecrack.errors import SinkError
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file
from training.checkpoint import save_checkpoint
from training.dataset import part_of
from training.panel import panel, write_panel

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.storage.disk import Disk
    from training.config import DataConfig, TrainConfig
    from training.dataset import Pair
    from training.loop import Epoch, Trainer
    from training.unet import UNet

PANEL_ROWS = 6


class RunLog:
    """The folder of one run.

    Holds ``config.json``, ``metrics.jsonl`` (a line an epoch), ``panels/NNNN.png``, TensorBoard
    events, ``last.pt`` and ``best.pt`` (highest mean validation F1).

    Args:
        folder: Where to write.
        config: The run's configuration.
        root: Where the data lies.
        finished: Epochs that a resumed run has finished, 0 for a new one. What the folder tells
            of later ones, which no checkpoint has kept, is forgotten.
        disk: What writes everything but TensorBoard's events and the panels; None is this
            machine's.

    Raises:
        SinkError: If the folder cannot be made, or holds a run and this is a new one.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainConfig,
        root: Path,
        finished: int = 0,
        disk: Disk | None = None,
    ) -> None:
        self.folder, self._config = folder, config
        self._disk = disk or LocalDisk()
        self._samples = _samples(config, root)
        self._lines = folder / "metrics.jsonl"
        if not finished and self._lines.exists():
            raise SinkError(f"{folder} already holds a run; give another --out, or --resume.")
        make_folders(self._disk, folder / "panels")
        settings = config.model_dump_json(indent=2) + "\n"
        replace_file(self._disk, folder / "config.json", settings.encode())
        if self._lines.exists():
            kept = self._lines.read_bytes().splitlines(keepends=True)[:finished]
            replace_file(self._disk, self._lines, b"".join(kept))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TensorBoard imports deprecated parts of others
            from torch.utils.tensorboard.writer import SummaryWriter  # noqa: PLC0415  0.5 s
        self._board = SummaryWriter(str(folder), purge_step=finished + 1)

    def record(self, epoch: Epoch, net: UNet) -> None:
        """Write down one epoch.

        Raises:
            SinkError: If it cannot be written.
        """
        try:
            self._write(epoch, net)
        except OSError as error:
            raise SinkError(f"{self.folder} cannot be written: {error}; free space.") from error

    def _write(self, epoch: Epoch, net: UNet) -> None:
        line = {**asdict(epoch), "name": self._config.name}
        self._disk.append(self._lines, json.dumps(line).encode() + b"\n")
        self._disk.sync(self._lines)
        self._disk.sync(self.folder)
        scalars = {"loss": epoch.loss, "probability/crack": epoch.crack_probability}
        scalars |= {f"f1/{name}": found["ods"]["f1"] for name, found in epoch.validation.items()}
        for name, value in scalars.items():
            self._board.add_scalar(name, value, epoch.number)
        self._board.flush()
        if self._samples:
            picture = panel(net.eval(), self._samples)
            write_panel(picture, self.folder / "panels" / f"{epoch.number:04d}.png")

    def keep(self, trainer: Trainer, epoch: Epoch) -> None:
        """Save ``last.pt``, and ``best.pt`` when no epoch was better."""
        best = epoch.f1 is not None and epoch.f1 > trainer.best
        if best and epoch.f1 is not None:
            trainer.best = epoch.f1
        checkpoint = trainer.checkpoint(epoch)
        save_checkpoint(checkpoint, self.folder / "last.pt", self._disk)
        if best:
            save_checkpoint(checkpoint, self.folder / "best.pt", self._disk)

    def close(self) -> None:
        """Finish the TensorBoard file, and let go of the others."""
        self._board.close()
        self._disk.close()


def _samples(config: TrainConfig, root: Path) -> list[tuple[DataConfig, Pair]]:
    """Choose pictures for the panels: from validation where there is one, else from training."""
    held = [(d, p) for d in config.data for p in part_of(d, root, "validation")]
    chosen = held or [(d, p) for d in config.data for p in part_of(d, root, "train")]
    step = max(1, len(chosen) // PANEL_ROWS)
    return chosen[::step][:PANEL_ROWS]
