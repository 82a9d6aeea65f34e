"""The run log: checkpoints, metrics.jsonl, TensorBoard events and panels of a training run."""

from __future__ import annotations

import json
import warnings
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from edgecrack.errors import SinkError
from edgecrack.storage.disk import LocalDisk
from edgecrack.storage.folders import make_folders
from edgecrack.storage.replace_file import replace_file
from training.checkpoint import save_checkpoint
from training.dataset import part_of
from training.panel import panel, write_panel
from training.split import split_text

if TYPE_CHECKING:
    from pathlib import Path

    from edgecrack.storage.disk import Disk
    from training.config import DataConfig, TrainConfig
    from training.dataset import Pair
    from training.loop import Epoch, Trainer
    from training.unet import UNet

PANEL_ROWS = 6


class RunLog:
    """Writes the folder of one run.

    It holds ``config.json``, ``metrics.jsonl`` (a line an epoch), ``panels/NNNN.png``, TensorBoard
    events, ``last.pt`` and ``best.pt`` (highest validation quality), and ``splits/SET.txt`` where a
    set's split is not in ``training/splits``.

    Args:
        folder: Where to write.
        config: The run's configuration.
        root: The data folder.
        finished: Epochs that a resumed run has finished, None for a new one. Log entries of later
            epochs, which are in no checkpoint, are removed.
        disk: What writes everything but TensorBoard's events and the panels; None is this
            machine's.

    Raises:
        InputError: If the data folder cannot be read.
        SinkError: If the folder cannot be made, has a name that is no UTF-8, or holds a run
            although this is a new one.
    """

    def __init__(
        self,
        folder: Path,
        config: TrainConfig,
        root: Path,
        finished: int | None = None,
        disk: Disk | None = None,
    ) -> None:
        self.folder, self._config = folder, config
        self._disk = disk or LocalDisk()
        if any("\ud800" <= letter <= "\udfff" for letter in str(folder)):
            raise SinkError(f"{folder} must be named in UTF-8 for TensorBoard; give another --out.")
        self._samples = _panel_samples(config, root)
        self._lines = folder / "metrics.jsonl"
        if finished is None and self._lines.exists():
            raise SinkError(f"{folder} already holds a run; give another --out, or --resume.")
        make_folders(self._disk, folder / "panels")
        settings = config.model_dump_json(indent=2) + "\n"
        replace_file(self._disk, folder / "config.json", settings.encode())
        self._write_splits()
        if finished is not None and self._lines.exists():
            kept = [entry for entry in self.entries() if entry["number"] <= finished]
            replace_file(self._disk, self._lines, b"".join(map(_as_line, kept)))
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # TensorBoard imports deprecated modules
            from torch.utils.tensorboard.writer import SummaryWriter  # noqa: PLC0415  0.5 s
        self._board = SummaryWriter(str(folder), purge_step=(finished or 0) + 1)

    def _write_splits(self) -> None:
        """Write each split that is not in ``training/splits`` as a list to look at and reuse."""
        splits = {data.name: data.split for data in self._config.data if data.split}
        for name, split in splits.items():
            if split.ids:
                make_folders(self._disk, self.folder / "splits")
                path = self.folder / "splits" / (name.replace("/", "_") + ".txt")
                replace_file(self._disk, path, split_text(split).encode())

    def record(self, epoch: Epoch, net: UNet) -> None:
        """Write one epoch to metrics.jsonl, TensorBoard and a panel.

        Raises:
            SinkError: If it cannot be written.
        """
        try:
            self._write(epoch, net)
        except OSError as error:
            raise SinkError(f"{self.folder} cannot be written: {error}; free space.") from error

    def _write(self, epoch: Epoch, net: UNet) -> None:
        self._disk.append(self._lines, _as_line({**asdict(epoch), "name": self._config.name}))
        self._disk.sync(self._lines)
        self._disk.sync(self.folder)
        trained = {"loss": epoch.loss, "probability/crack": epoch.crack_probability}
        scalars = {name: value for name, value in trained.items() if value is not None}
        scalars |= {
            f"f1/{name}": score["ods"]["f1"] for name, score in epoch.validation.scores.items()
        }
        for name, value in scalars.items():
            self._board.add_scalar(name, value, epoch.number)
        self._board.flush()
        if self._samples:
            picture = panel(net.eval(), self._samples)
            write_panel(picture, self.folder / "panels" / f"{epoch.number:04d}.png")

    def entries(self) -> list[dict[str, Any]]:
        """Return what metrics.jsonl says of each epoch, without a line that a stop cut off."""
        lines = self._lines.read_bytes().splitlines(keepends=True)
        return [json.loads(line) for line in lines if line.endswith(b"\n")]

    def keep(self, trainer: Trainer, epoch: Epoch) -> None:
        """Save ``last.pt``, and ``best.pt`` if this epoch has the highest quality so far."""
        checkpoint = trainer.checkpoint(epoch)
        save_checkpoint(checkpoint, self.folder / "last.pt", self._disk)
        if epoch.is_best:
            save_checkpoint(checkpoint, self.folder / "best.pt", self._disk)

    def close(self) -> None:
        """Close the TensorBoard file, and let go of the others."""
        self._board.close()
        self._disk.close()


def _as_line(entry: dict[str, Any]) -> bytes:
    return json.dumps(entry).encode() + b"\n"


def _panel_samples(config: TrainConfig, root: Path) -> list[tuple[DataConfig, Pair]]:
    """Choose pictures for the panels: from validation where there are any, else from training."""
    for part in ("validation", "train"):
        pairs = [(data, pair) for data in config.data for pair in part_of(data, root, part)]
        if pairs:
            break
    step = max(1, len(pairs) // PANEL_ROWS)
    return pairs[::step][:PANEL_ROWS]
