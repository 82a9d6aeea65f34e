"""When a run is validated, and how its learning rate and its crack weight change."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from training.config import FitConfig
    from training.losses import LossSpec


def validation_due(epoch: int, fit: FitConfig) -> bool:
    """Tell whether ``epoch`` (from 1) is validated: every so many, and the last one.

    Example:
        >>> from training.config import FitConfig
        >>> [validation_due(epoch, FitConfig(epochs=5, validate_every=3)) for epoch in range(1, 6)]
        [False, False, True, False, True]
    """
    every = fit.validate_every
    return every > 0 and (epoch % every == 0 or epoch == fit.epochs)


def loss_at(step: int, loss: LossSpec, fit: FitConfig) -> LossSpec:
    """Return the loss of ``step`` (from 1): beta goes to beta_end by equal factors.

    It does so over the last third of the run.

    Example:
        >>> from training.config import FitConfig
        >>> from training.losses import LossSpec
        >>> loss, fit = LossSpec(beta=1.0, beta_end=0.25), FitConfig(epochs=3, steps_per_epoch=10)
        >>> [round(loss_at(step, loss, fit).beta, 3) for step in (1, 20, 25, 30)]
        [1.0, 1.0, 0.5, 0.25]
    """
    if loss.beta_end is None:
        return loss
    steps = fit.epochs * fit.steps_per_epoch
    progress = max(0.0, 3 * step / steps - 2)
    return replace(loss, beta=loss.beta * (loss.beta_end / loss.beta) ** progress)


def rate_factor(step: int, fit: FitConfig) -> float:
    """Return the factor of the learning rate at ``step`` (from 1).

    Example:
        >>> from training.config import FitConfig
        >>> rate_factor(5, FitConfig(schedule="constant"))
        1.0
    """
    if fit.schedule == "constant":
        return 1.0
    steps = fit.epochs * fit.steps_per_epoch
    warmup = max(1, steps // 50)
    if step <= warmup:
        return step / warmup
    progress = (step - warmup) / max(1, steps - warmup)
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * progress))
