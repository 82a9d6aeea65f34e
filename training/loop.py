"""The training loop: views in, a checkpoint out, the same numbers each time.

A run can be stopped at any moment and gone on with: view ``i`` depends on ``(seed, i)`` alone, and
the checkpoint holds everything else that changes, so a resumed run equals an uninterrupted one bit
for bit on the same machine and thread count.
"""

from __future__ import annotations

import math
import time
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import torch
from torch.utils.data import DataLoader, Subset

from edgecrack.errors import EdgecrackError, InputError
from training.checkpoint import Checkpoint, load_checkpoint
from training.dataset import digest
from training.losses import holistic_loss
from training.samples import TrainingSamples, training_sets, work_alone
from training.scoring import count_pairs, held_sets, protocol_of, score
from training.unet import UNet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.config import FitConfig, TrainConfig
    from training.samples import TrainingSample

PLATEAU_EPOCHS = 3
PLATEAU_GAP = 0.02


class TrainingError(EdgecrackError):
    """Training went somewhere it cannot come back from; the last checkpoint is intact."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """What one epoch came to.

    Attributes:
        number: Epochs finished, from 1.
        loss: Mean loss of its steps.
        crack_probability: Mean probability given to crack pixels, 0 to 1.
        other_probability: Mean probability given to all other pixels, 0 to 1.
        seconds: Wall time, validation included.
        validation: Set name -> scores, JSON-like; empty when this epoch was not validated.
        f1: Mean ODS F1 over the validation sets, or None.
    """

    number: int
    loss: float
    crack_probability: float
    other_probability: float
    seconds: float
    validation: dict[str, Any]
    f1: float | None


class Callback(Protocol):
    """Someone who wants to know how a run goes."""

    def step(self, done: int, loss: float) -> None:
        """Learn that ``done`` steps of this epoch are over."""

    def epoch(self, epoch: Epoch, net: UNet) -> None:
        """Learn what an epoch came to; ``net`` is what would be kept."""


class Trainer:
    """One training run, from its start or from a checkpoint.

    Args:
        config: What to do.
        root: Where the data lies.
        resume: A checkpoint of the same configuration to go on from.

    Raises:
        InputError: If a picture cannot be used, or the data are not those of ``resume``.
        ConfigError: If there is nothing to train on.
    """

    def __init__(self, config: TrainConfig, root: Path, resume: Checkpoint | None = None) -> None:
        torch.manual_seed(config.fit.seed)
        torch.set_num_threads(config.fit.threads or torch.get_num_threads())
        self.config = config
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        layout = torch.channels_last
        self.net = UNet(config.model).to(self.device).to(memory_format=layout)  # type: ignore[call-overload]
        self.average = deepcopy(self.net) if config.fit.ema else self.net
        adam = torch.optim.AdamW if config.fit.weight_decay else torch.optim.Adam
        self.optimiser = adam(
            self.net.parameters(), lr=config.fit.learning_rate, weight_decay=config.fit.weight_decay
        )
        self.precision = autocast_dtype(config.fit.precision, self.device)
        self._scaler = torch.amp.GradScaler(
            self.device.type, enabled=self.precision is torch.float16
        )
        sets = training_sets(config, root)
        self._views = TrainingSamples(sets, config)
        self._held = held_sets(config, root)
        self.finished, self.best = 0, -math.inf
        self._data = [
            {
                "name": s.config.name,
                "licence": s.config.licence,
                "pictures": len(s.pairs),
                "sha256": digest(list(s.pairs)),
            }
            for s in sets
        ]
        if config.start is not None:
            self._begin_with(Path(config.start), fresh=resume is None)
        if resume:
            self._restore(resume)

    def _begin_with(self, path: Path, *, fresh: bool) -> None:
        """Take over the weights of an earlier run, and remember what they were trained on."""
        start = load_checkpoint(path)
        if start.config.model != self.config.model:
            raise InputError(
                f"{path} holds another network than [model] describes; make the two agree, or "
                "remove start."
            )
        if fresh:
            weights = start.network().state_dict()
            self.net.load_state_dict(weights)
            self.average.load_state_dict(weights)
        known = {entry["sha256"] for entry in self._data}
        self._data += [entry for entry in start.data if entry["sha256"] not in known]

    def _restore(self, checkpoint: Checkpoint) -> None:
        if checkpoint.data != self._data:
            raise InputError(
                "the pictures to train on are not those the checkpoint was trained on; bring "
                "them back, or begin a new run."
            )
        try:
            self.net.load_state_dict(checkpoint.resume["net"])
            self.average.load_state_dict(checkpoint.weights)
            self.optimiser.load_state_dict(checkpoint.resume["optimiser"])
            if checkpoint.resume["scaler"] and self._scaler.is_enabled():  # it was, there, too
                self._scaler.load_state_dict(checkpoint.resume["scaler"])
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            raise InputError(
                "the checkpoint holds a network but no run of it to go on with; use last.pt of "
                "the run."
            ) from error
        self.finished, self.best = checkpoint.epoch, checkpoint.best

    def checkpoint(self, epoch: Epoch) -> Checkpoint:
        """Return everything needed to use this network, or to go on training it."""
        resume = {
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
        }
        metrics = {"epoch": epoch.number, "loss": epoch.loss, "f1": epoch.f1, **epoch.validation}
        weights = self.average.state_dict()
        return Checkpoint(
            self.config, epoch.number, weights, resume, metrics, self._data, self.best
        )

    def epochs(self, watcher: Callback) -> Iterator[Epoch]:
        """Train one epoch after the other; what is yielded has been validated.

        Raises:
            TrainingError: If the loss or a weight is no number, no crack was seen, or the network
                answers the same everywhere.
        """
        fit = self.config.fit
        stuck = 0
        while self.finished < fit.epochs:
            began = time.monotonic()
            loss, crack, other = self._train(watcher)
            self.finished += 1
            stuck = stuck + 1 if crack - other < PLATEAU_GAP else 0
            if stuck >= PLATEAU_EPOCHS:
                raise TrainingError(_plateau(self.finished, crack, other))
            due = self.finished % fit.validate_every == 0 or self.finished == fit.epochs
            found, f1 = self._validate() if due else ({}, None)
            epoch = Epoch(self.finished, loss, crack, other, time.monotonic() - began, found, f1)
            watcher.epoch(epoch, self.average)
            yield epoch

    def _train(self, watcher: Callback) -> tuple[float, float, float]:
        """Train one epoch; returns mean loss and mean probability on cracks and elsewhere."""
        fit = self.config.fit
        first = self.finished * fit.steps_per_epoch
        losses, chances = 0.0, torch.zeros(4, dtype=torch.float64)
        self.net.train()
        for done, (pictures, truth) in enumerate(self._batches(first), start=1):
            self._set_rate(first + done)
            loss, logits = self._step(pictures, truth)
            losses += loss
            chances += _sum_probabilities(logits.cpu(), truth)
            watcher.step(done, loss)
        if not all(parameter.isfinite().all() for parameter in self.net.parameters()):
            raise TrainingError(_diverged(self.finished + 1, "a weight"))
        on_crack, cracks, elsewhere, others = chances.tolist()
        if not cracks:
            raise TrainingError(
                f"no view of epoch {self.finished + 1} held a single crack pixel; check the masks, "
                "mask_threshold and crack_share of the data sets."
            )
        return losses / fit.steps_per_epoch, on_crack / cracks, elsewhere / max(others, 1)

    def _batches(self, first_step: int) -> DataLoader[TrainingSample]:
        fit = self.config.fit
        start = first_step * fit.batch
        numbers = range(start, start + fit.steps_per_epoch * fit.batch)
        return DataLoader(
            Subset(self._views, numbers),
            batch_size=fit.batch,
            num_workers=fit.workers,
            worker_init_fn=work_alone,
        )

    def _step(self, pictures: torch.Tensor, truth: torch.Tensor) -> tuple[float, torch.Tensor]:
        pictures = pictures.to(self.device, memory_format=torch.channels_last)
        truth = truth.to(self.device)
        kind = self.precision or torch.float32
        with torch.autocast(self.device.type, dtype=kind, enabled=self.precision is not None):
            logits = self.net(pictures)
        loss = holistic_loss(logits, truth, self.config.loss)
        if not loss.isfinite():
            raise TrainingError(_diverged(self.finished + 1, "the loss"))
        self.optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.step(self.optimiser)
        self._scaler.update()
        if self.average is not self.net:
            self._average_in()
        return loss.item(), logits.detach()

    @torch.no_grad()
    def _average_in(self) -> None:
        decay = self.config.fit.ema
        for kept, now in zip(self.average.parameters(), self.net.parameters(), strict=True):
            kept.lerp_(now, 1 - decay)
        for kept, now in zip(self.average.buffers(), self.net.buffers(), strict=True):
            kept.copy_(now)

    def _set_rate(self, step: int) -> None:
        rate = self.config.fit.learning_rate * rate_factor(step, self.config.fit)
        for group in self.optimiser.param_groups:
            group["lr"] = rate

    def _validate(self) -> tuple[dict[str, Any], float | None]:
        self.average.eval()
        found: dict[str, Any] = {}
        for data, pairs in self._held:
            tolerance = data.validate_px or 0.0
            matches = count_pairs(self.average, data, pairs, [tolerance])
            split = f"validation ({len(pairs)})"
            protocol = protocol_of(data, tolerance, split, matches.resolution)
            found[data.name] = score(data.name, matches.counts[tolerance], protocol).as_json()
        scores = [each["ods"]["f1"] for each in found.values()]
        return found, sum(scores) / len(scores) if scores else None


def autocast_dtype(wanted: str, device: torch.device) -> torch.dtype | None:
    """Choose the type of the multiplications; None is FP32.

    ``auto`` takes bf16 on a processor only where it has bf16 arithmetic: elsewhere it is emulated
    and slower than FP32.
    """
    if wanted == "auto" and device.type == "cpu":
        native = torch.ops.mkldnn._is_mkldnn_bf16_supported()  # noqa: SLF001  the only way to ask
        return torch.bfloat16 if native and "avx512_bf16" in _cpu_flags() else None
    if wanted == "auto":
        return torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return {"fp32": None, "bf16": torch.bfloat16, "fp16": torch.float16}[wanted]


def _cpu_flags() -> str:
    try:
        with open("/proc/cpuinfo", encoding="ascii") as file:  # noqa: PTH123
            return next((line for line in file if line.startswith(("flags", "Features"))), "")
    except OSError:
        return ""


def rate_factor(step: int, fit: FitConfig) -> float:
    """Return what the learning rate is multiplied with at ``step`` (from 1).

    Example:
        >>> from training.config import FitConfig
        >>> rate_factor(5, FitConfig(schedule="constant"))
        1.0
    """
    if fit.schedule == "constant":
        return 1.0
    steps = fit.epochs * fit.steps_per_epoch
    warm = max(1, steps // 50)
    if step <= warm:
        return step / warm
    progress = (step - warm) / max(1, steps - warm)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))


@torch.no_grad()
def _sum_probabilities(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return sum of probability and count of pixels, first for cracks and then for the rest."""
    chance, other = torch.sigmoid(logits.float()), 1 - truth
    sums = (chance * truth).sum(), truth.sum(), (chance * other).sum(), other.sum()
    return torch.stack([each.double() for each in sums])


def _diverged(epoch: int, what: str) -> str:
    return (
        f"{what} stopped being a finite number in epoch {epoch}; lower fit.learning_rate, set "
        "fit.precision = 'fp32' or loss.smoothing = 1. The last checkpoint is intact."
    )


def _plateau(epoch: int, crack: float, other: float) -> str:
    return (
        f"after {epoch} epochs the network still answers the same everywhere, {crack:.2f} on "
        f"cracks and {other:.2f} elsewhere; set model.batch_norm = true, or lower "
        "fit.learning_rate, or change fit.seed. The last checkpoint is intact."
    )
