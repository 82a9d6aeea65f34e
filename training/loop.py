"""The training loop: from samples to checkpoints, reproducibly.

A run can be stopped at any moment and resumed: sample ``i`` depends on ``(seed, i)`` alone, and the
checkpoint holds everything else that changes. So a resumed run equals an uninterrupted one bit for
bit, on the same machine with the same number of threads.
"""

from __future__ import annotations

import time
from copy import deepcopy
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Protocol

import torch
from torch.utils.data import DataLoader, Subset

from edgecrack.errors import ConfigError, EdgecrackError, InputError
from training.best import BestSoFar
from training.checkpoint import Checkpoint, load_checkpoint
from training.dataset import digest
from training.losses import answers_loss
from training.precision import autocast_dtype
from training.samples import TrainingSamples, training_sets, use_one_thread
from training.schedule import loss_at, rate_factor, validation_due
from training.scoring import held_sets
from training.shipped import start_path
from training.unet import UNet
from training.validation import Validation, validate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from training.config import TrainConfig
    from training.samples import TrainingSample

PLATEAU_EPOCHS = 3
"""A run stops after so many epochs in a row on the plateau."""

PLATEAU_GAP = 0.02
"""Plateau: the mean probability of crack pixels is less than this above that of the others."""


class TrainingError(EdgecrackError):
    """Training cannot go on: it diverged, is stuck, or sees no crack. Checkpoints stay valid."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The results of one epoch.

    Attributes:
        number: Epochs finished, from 1; 0 is the validation of the weights a run starts from.
        loss: Mean loss of its steps; None for epoch 0, which has none.
        crack_probability: Mean predicted probability of crack pixels, 0 to 1, or None likewise.
        other_probability: The same of pixels known to be no crack.
        seconds: Wall time, validation included.
        validation: The results on the validation pictures; without a quality if this epoch was not
            validated.
        is_best: Whether its quality is the highest so far.
    """

    number: int
    loss: float | None
    crack_probability: float | None
    other_probability: float | None
    seconds: float
    validation: Validation
    is_best: bool = False


class Callback(Protocol):
    """What a run calls to report its progress."""

    def step(self, done: int, loss: float) -> None:
        """Called after each step: how many of this epoch are done, and the step's loss."""

    def epoch(self, epoch: Epoch, net: UNet) -> None:
        """Called after each epoch; ``net`` has the weights that a checkpoint would save."""


class Trainer:
    """One training run, from its start or from a checkpoint.

    Args:
        config: The configuration.
        root: The data folder.
        resume: A checkpoint of the same configuration to continue from.

    Raises:
        InputError: If a picture cannot be used, or the data are not those of ``resume``.
        ConfigError: If there is nothing to train on or to validate with, or whole pictures differ
            in size.
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
        self._samples = TrainingSamples(sets, config)
        self.disputed = self._samples.disputed
        self._validation_sets = held_sets(config, root) if config.fit.validate_every else []
        has_cracks = any(data.has_crack_labels for data, _ in self._validation_sets)
        if config.fit.validate_every and not has_cracks:
            raise ConfigError(
                f"'{config.name}' has no pictures to validate by; add validate_px = 2 and split = "
                "{validation = 0.15, test = 0.15} to a data set, or fit.validate_every = 0 to "
                "train without validation."
            )
        self.finished, self.best = 0, BestSoFar()
        self._data = [
            {
                "name": training_set.config.name,
                "licence": training_set.config.licence,
                "pictures": len(training_set.pairs),
                "sha256": digest(list(training_set.pairs)),
            }
            for training_set in sets
        ]
        self._start_is_due = bool(config.start and not resume and self._validation_sets)
        if config.start is not None:
            self._start_from(start_path(config.start), fresh=resume is None)
        if resume:
            self._restore(resume)

    def _start_from(self, path: Path, *, fresh: bool) -> None:
        """Load the weights of an earlier run, and record the data they were trained on."""
        start = load_checkpoint(path)
        if start.config.model != self.config.model:
            raise InputError(
                f"start = '{path}' must hold the network of [model], but holds another; change "
                "[model], or remove start."
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
                "the training pictures must be those of the checkpoint, but differ; restore them, "
                "or start a new run."
            )
        try:
            self.net.load_state_dict(checkpoint.resume["net"])
            self.average.load_state_dict(checkpoint.weights)
            self.optimiser.load_state_dict(checkpoint.resume["optimiser"])
            if (
                checkpoint.resume["scaler"] and self._scaler.is_enabled()
            ):  # if the scaler was enabled then, too
                self._scaler.load_state_dict(checkpoint.resume["scaler"])
        except (LookupError, RuntimeError, TypeError, ValueError) as error:
            raise InputError(
                "the checkpoint to resume must hold the state of its run, but holds a network "
                "only; use the run's last.pt."
            ) from error
        self.finished = checkpoint.epoch
        since = checkpoint.resume.get("validations_since_best", 0)
        self.best = BestSoFar(checkpoint.best, since)

    def checkpoint(self, epoch: Epoch) -> Checkpoint:
        """Return everything needed to use this network, or to resume its training."""
        resume = {
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "scaler": self._scaler.state_dict(),
            "validations_since_best": self.best.validations_since,
        }
        metrics = {"epoch": epoch.number, "loss": epoch.loss, **asdict(epoch.validation)}
        weights = self.average.state_dict()
        return Checkpoint(
            self.config, epoch.number, weights, resume, metrics, self._data, self.best.quality
        )

    @property
    def stopped_early(self) -> bool:
        """Whether the run ends before its last epoch, as ``fit.stop_after`` says."""
        fit = self.config.fit
        return self.finished < fit.epochs and 0 < fit.stop_after <= self.best.validations_since

    def epochs(self, callback: Callback) -> Iterator[Epoch]:
        """Train epoch after epoch; yield each after its validation.

        With ``start`` a new run first yields the validation of the weights it starts from.

        Raises:
            TrainingError: If the loss or a weight is not finite, no sample had a crack, or the
                network predicts the same everywhere.
        """
        fit = self.config.fit
        if self._start_is_due:
            self._start_is_due = False
            yield self._validated(Epoch(0, None, None, None, 0.0, Validation()), callback)
        stuck = 0
        while self.finished < fit.epochs and not self.stopped_early:
            start_s = time.monotonic()
            loss, crack, other = self._train(callback)
            self.finished += 1
            stuck = stuck + 1 if crack - other < PLATEAU_GAP else 0
            if stuck >= PLATEAU_EPOCHS:
                raise TrainingError(_plateau(self.finished, crack, other))
            seconds = time.monotonic() - start_s
            trained = Epoch(self.finished, loss, crack, other, seconds, Validation())
            yield self._validated(trained, callback)

    def _validated(self, epoch: Epoch, callback: Callback) -> Epoch:
        """Return the epoch with its validation, if one is due, and report it."""
        self.average.eval()
        start_s = time.monotonic()
        if validation_due(epoch.number, self.config.fit):
            result = validate(self.average, self._validation_sets)
            if result.quality is not None:
                self.best = self.best.after(result.quality)
            is_best = result.quality is not None and self.best.validations_since == 0
            seconds = epoch.seconds + time.monotonic() - start_s
            epoch = replace(epoch, validation=result, is_best=is_best, seconds=seconds)
        callback.epoch(epoch, self.average)
        return epoch

    def _train(self, callback: Callback) -> tuple[float, float, float]:
        """Train one epoch; return its mean loss, and mean probability on cracks and elsewhere."""
        fit = self.config.fit
        first = self.finished * fit.steps_per_epoch
        loss_sum, sums = 0.0, torch.zeros(4, dtype=torch.float64)
        self.net.train()
        for done, (pictures, truth) in enumerate(self._batches(first), start=1):
            self._set_rate(first + done)
            loss, logits = self._step(pictures, truth, first + done)
            loss_sum += loss
            sums += _sum_probabilities(logits[:, :1].cpu(), truth[:, :1])
            callback.step(done, loss)
        if not all(parameter.isfinite().all() for parameter in self.net.parameters()):
            raise TrainingError(_diverged(self.finished + 1, "a weight"))
        crack_sum, crack_pixels, other_sum, other_pixels = sums.tolist()
        if not crack_pixels:
            raise TrainingError(
                f"no sample of epoch {self.finished + 1} has a crack pixel; check the masks, and "
                "mask_threshold and crack_share of the data sets."
            )
        mean_loss = loss_sum / fit.steps_per_epoch
        return mean_loss, crack_sum / crack_pixels, other_sum / max(other_pixels, 1)

    def _batches(self, first_step: int) -> DataLoader[TrainingSample]:
        fit = self.config.fit
        start = first_step * fit.batch
        numbers = range(start, start + fit.steps_per_epoch * fit.batch)
        return DataLoader(
            Subset(self._samples, numbers),
            batch_size=fit.batch,
            num_workers=fit.workers,
            worker_init_fn=use_one_thread,
        )

    def _step(
        self, pictures: torch.Tensor, truth: torch.Tensor, step: int
    ) -> tuple[float, torch.Tensor]:
        pictures = pictures.to(self.device, memory_format=torch.channels_last)
        truth = truth.to(self.device)
        dtype = self.precision or torch.float32
        with torch.autocast(self.device.type, dtype=dtype, enabled=self.precision is not None):
            logits = self.net(pictures)
        spec = loss_at(step, self.config.loss, self.config.fit)
        loss = answers_loss(logits, truth, spec)
        if not loss.isfinite():
            raise TrainingError(_diverged(self.finished + 1, "the loss"))
        self.optimiser.zero_grad(set_to_none=True)
        self._scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        self._scaler.step(self.optimiser)
        self._scaler.update()
        if self.average is not self.net:
            self._update_average()
        return loss.item(), logits.detach()

    @torch.no_grad()
    def _update_average(self) -> None:
        decay = self.config.fit.ema
        for average, weight in zip(self.average.parameters(), self.net.parameters(), strict=True):
            average.lerp_(weight, 1 - decay)
        for average, buffer in zip(self.average.buffers(), self.net.buffers(), strict=True):
            average.copy_(buffer)

    def _set_rate(self, step: int) -> None:
        rate = self.config.fit.learning_rate * rate_factor(step, self.config.fit)
        for group in self.optimiser.param_groups:
            group["lr"] = rate


@torch.no_grad()
def _sum_probabilities(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return the sum of probabilities and the number of pixels, of cracks and of no cracks."""
    probability = torch.sigmoid(logits.float())
    crack, other = truth == 1, truth == 0
    sums = (probability * crack).sum(), crack.sum(), (probability * other).sum(), other.sum()
    return torch.stack([value.double() for value in sums])


def _diverged(epoch: int, what: str) -> str:
    return (
        f"{what} is not a finite number in epoch {epoch}; lower fit.learning_rate, set "
        "fit.precision = 'fp32' or loss.smoothing = 1. The last checkpoint is valid."
    )


def _plateau(epoch: int, crack: float, other: float) -> str:
    return (
        f"after {epoch} epochs the network still predicts the same everywhere, {crack:.2f} on "
        f"cracks and {other:.2f} elsewhere; set model.batch_norm = true, or lower "
        "fit.learning_rate, or change fit.seed. The last checkpoint is valid."
    )
