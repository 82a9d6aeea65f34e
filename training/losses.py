"""The paper's losses: class-weighted cross-entropy, Jaccard distance, and their weighted sum.

Source: Li, Wang, Tian, Qi, "Fast and Accurate Road Crack Detection Based on Adaptive
Cost-Sensitive Loss Function". With y the truth, p the probability and alpha the share of non-crack
pixels in the batch::

    L = -mean[ q y log p + (1 - y) log(1 - p) ]          weighted cross-entropy
    xie    q = alpha / (1 - alpha)                       Xie and Tu, HED
    power  q = beta (alpha / (1 - alpha))^gamma
    log    q = beta ln(alpha / (1 - alpha))
    exp    q = beta a^(gamma (2 alpha - 1))              at most beta a^gamma
    d = 1 - (sum yp + lambda) / (sum y + sum p - sum yp + lambda)     Jaccard distance
    loss = a L + b d                                     holistic
    loss = a L + b d + c R                               with the road answer

R is not the paper's: the mean cross-entropy of the road answer, unweighted.

The paper writes L as a sum in its equation (2), but its weights a = 20 and a = 50 beside b = 1 only
balance when L is a mean over pixels, so here it is the mean. All sums run over the whole batch, in
FP32 whatever the precision of the logits: a 960x540 sum overflows FP16.

A pixel of ``truth`` is 1 (crack), 0 (no crack) or -1 (unknown). Every formula counts known pixels
only, as if the others were not there. Without any, alpha is 1 and the loss is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch.nn import functional as F  # noqa: N812  the name every PyTorch reader knows

Weighting = Literal["xie", "power", "log", "exp"]

EXP_BASE = 10.0
"""The paper's a of the exponential weight."""


@dataclass(frozen=True, slots=True)
class LossSpec:
    """The loss and its parameters, named by the paper's letters.

    Attributes:
        weighting: Which formula gives q.
        beta: Factor of q (power, log, exp).
        beta_end: Its value at the end of a run, approached over the last third
            (``training.schedule``); None: it stays. A large q finds more cracks and draws them
            wide; an end with q near 1 makes the probability that of a crack.
        gamma: Exponent of q (power, exp).
        smoothing: Laplace smoothing: pixels of either class added before alpha is computed. It
            keeps xie, power and log finite on a batch without crack; exp is finite without it.
        a: Weight of the cross-entropy.
        b: Weight of the Jaccard distance; 0 leaves it out.
        c: Weight of the cross-entropy of the road answer, for a network that gives it.
        jaccard_lambda: The lambda that keeps the Jaccard distance of an empty batch at 0.
    """

    # read by pydantic in training.config
    __pydantic_config__: ClassVar[dict[str, object]] = {"extra": "forbid", "allow_inf_nan": False}

    weighting: Weighting = "exp"
    beta: float = 0.75
    beta_end: float | None = None
    gamma: float = 1.0
    smoothing: float = 1.0
    a: float = 20.0
    b: float = 1.0
    c: float = 2.0
    jaccard_lambda: float = 1.0

    def __post_init__(self) -> None:
        """Refuse parameters with which the loss has no minimum or is always 0."""
        beta_end = self.beta if self.beta_end is None else self.beta_end
        if min(self.beta, beta_end, self.jaccard_lambda) <= 0:
            raise ValueError("beta, beta_end and jaccard_lambda must be above 0")
        if min(self.smoothing, self.a, self.b, self.c) < 0 or self.a + self.b == 0:
            raise ValueError("smoothing, a, b and c must be 0 or more, and a or b above 0")


def non_crack_share(truth: torch.Tensor) -> torch.Tensor:
    """Return alpha, the share of known pixels of ``truth`` that are not crack, 0 to 1.

    Example:
        >>> non_crack_share(torch.tensor([1.0, 0.0, 0.0, 0.0, -1.0])).item()
        0.75
    """
    return 1 - (truth == 1).sum() / _known_pixels(truth)


def _known_pixels(truth: torch.Tensor) -> torch.Tensor:
    """Return how many pixels are known, at least 1: it divides."""
    return (truth >= 0).sum().clamp(min=1)


def crack_weight(truth: torch.Tensor, spec: LossSpec) -> torch.Tensor:
    """Return q, the weight of crack pixels, at least 0.

    ``log`` would be negative where most pixels are crack, and reward misses: it is 0 there.

    Example:
        >>> truth = torch.zeros(1000); truth[:11] = 1
        >>> round(crack_weight(truth, LossSpec("exp", beta=0.75)).item(), 2)
        7.13
    """
    if spec.weighting == "exp":
        alpha = non_crack_share(truth)
        return spec.beta * EXP_BASE ** (spec.gamma * (2 * alpha - 1))
    crack = (truth == 1).sum()
    # alpha / (1 - alpha) from counts: in FP32, 1 - alpha loses a few crack pixels in a million.
    odds = ((truth == 0).sum() + spec.smoothing) / (crack + spec.smoothing)
    if spec.weighting == "xie":
        return odds
    if spec.weighting == "power":
        return spec.beta * odds**spec.gamma
    return (spec.beta * odds.log()).clamp(min=0)


def weighted_cross_entropy(
    logits: torch.Tensor, truth: torch.Tensor, spec: LossSpec
) -> torch.Tensor:
    """Return L for logits and truth of one shape, as an FP32 scalar."""
    entropy_sum = F.binary_cross_entropy_with_logits(
        logits.float(),
        (truth == 1).float(),
        weight=(truth >= 0).float(),
        pos_weight=crack_weight(truth, spec),
        reduction="sum",
    )
    return entropy_sum / _known_pixels(truth)


def jaccard_distance(
    logits: torch.Tensor, truth: torch.Tensor, jaccard_lambda: float = 1.0
) -> torch.Tensor:
    """Return d in [0, 1] for logits and truth of one shape, as an FP32 scalar.

    Example:
        >>> jaccard_distance(torch.full((4,), -50.0), torch.zeros(4)).item()
        0.0
    """
    probability = torch.sigmoid(logits.float()) * (truth >= 0)
    target = (truth == 1).float()
    both = (probability * target).sum()
    either = probability.sum() + target.sum() - both
    return 1 - (both + jaccard_lambda) / (either + jaccard_lambda)


def holistic_loss(logits: torch.Tensor, truth: torch.Tensor, spec: LossSpec) -> torch.Tensor:
    """Return a L + b d for logits and truth of one shape, as an FP32 scalar."""
    loss = spec.a * weighted_cross_entropy(logits, truth, spec)
    if spec.b:
        loss = loss + spec.b * jaccard_distance(logits, truth, spec.jaccard_lambda)
    return loss


def road_cross_entropy(logits: torch.Tensor, truth: torch.Tensor) -> torch.Tensor:
    """Return R for logits and truth (1 road, 0 not, -1 unknown) of one shape, as an FP32 scalar."""
    entropy_sum = F.binary_cross_entropy_with_logits(
        logits.float(), (truth == 1).float(), weight=(truth >= 0).float(), reduction="sum"
    )
    return entropy_sum / _known_pixels(truth)


def answers_loss(logits: torch.Tensor, truth: torch.Tensor, spec: LossSpec) -> torch.Tensor:
    """Return the loss of all that a network answers, as an FP32 scalar.

    Args:
        logits: Of crack, (N, 1, H, W), or of crack and road, (N, 2, H, W).
        truth: Of crack and road, (N, 2, H, W).
        spec: The parameters.
    """
    loss = holistic_loss(logits[:, :1], truth[:, :1], spec)
    if logits.shape[1] > 1:
        loss = loss + spec.c * road_cross_entropy(logits[:, 1:], truth[:, 1:])
    return loss
