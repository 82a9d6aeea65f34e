"""What a bundle says about a network that is not in the network: scores, threshold, terms."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.manifest import DataEntry, MetricEntry, Provenance
from training.dataset import part_of
from training.evaluation import evaluate, ods_threshold

if TYPE_CHECKING:
    from collections.abc import Iterator

    from training.checkpoint import Checkpoint
    from training.config import DataConfig
    from training.unet import UNet


TERMS = (
    "Weights for research and demonstration only: they were trained on the data sets named here, "
    "whose owners' terms apply."
)


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What to put into a bundle.

    Attributes:
        sizes_px: Input sizes (width, height); the first is the default.
        release: Version of the model.
        root: Where the data lies.
        set_name: The set that threshold and scores are taken on; None is the first with a split.
        tolerances_px: Tolerances of the scores; the threshold is chosen under the largest.
        licence: What may be done with the weights.
    """

    sizes_px: tuple[tuple[int, int], ...]
    release: str
    root: Path
    set_name: str | None = None
    tolerances_px: tuple[float, ...] = (5.0, 10.0)
    licence: str = TERMS


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a bundle says about a network that is not in the network.

    Attributes:
        name: The model's name.
        release: Its version.
        threshold: A pixel is crack when its probability is at least this, 1..255.
        threshold_origin: How it was chosen.
        metrics: Scores, each with its protocol.
        provenance: Where the weights come from.
    """

    name: str
    release: str
    threshold: int
    threshold_origin: str
    metrics: tuple[MetricEntry, ...]
    provenance: Provenance


def model_card(
    checkpoint: Checkpoint, net: UNet, request: BundleRequest, data: DataConfig
) -> ModelCard:
    """Choose the threshold and take the scores of a trained network.

    Args:
        checkpoint: Where the network comes from.
        net: The network itself.
        request: What the bundle is to hold.
        data: The set that threshold and scores are taken on.
    """
    tolerance = max(request.tolerances_px)
    return ModelCard(
        name=checkpoint.config.name,
        release=request.release,
        threshold=ods_threshold(net, data, request.root, tolerance),
        threshold_origin=f"ODS on {data.name} validation, many-to-one, {tolerance:g} px",
        metrics=tuple(_metrics(net, data, request)),
        provenance=_provenance(checkpoint, request),
    )


def _metrics(net: UNet, data: DataConfig, request: BundleRequest) -> Iterator[MetricEntry]:
    parts = (part for part in ("validation", "test") if part_of(data, request.root, part))
    for part in parts:
        for result in evaluate(net, data, request.root, part, request.tolerances_px).scores:
            score = result.at_threshold or result.ods
            protocol = f"{result.protocol}, threshold {score.threshold} from validation"
            yield MetricEntry(f"F1 {result.name}", round(score.f1, 4), protocol)


def _provenance(checkpoint: Checkpoint, request: BundleRequest) -> Provenance:
    data = tuple(DataEntry(**entry) for entry in checkpoint.data)
    config = checkpoint.config.model_dump(mode="json")
    return Provenance(config, data, request.licence, checkpoint.epoch, _commit())


def _commit() -> str:
    """Return the commit of the program's checkout, "unknown" outside one."""
    try:
        commit = _git("describe", "--always", "--abbrev=12")
        # Not describe's own --dirty, which writes to the checkout's index on the way.
        changes = _git("status", "--porcelain", "--untracked-files=no")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return f"{commit}-dirty" if changes else commit


def _git(*arguments: str) -> str:
    command = ["git", "--no-optional-locks", "-C", str(Path(__file__).parent), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    return done.stdout.strip()
