"""What a bundle says about a network that is not in the network: scores, threshold, terms."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.manifest import DataEntry, Provenance
from export.torch_segmenter import ROAD_THRESHOLD
from training.evaluation import ods_threshold
from training.validation import ALARM_WEIGHT

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edgecrack.manifest import MetricEntry
    from training.checkpoint import Checkpoint
    from training.config import DataConfig
    from training.unet import UNet


TERMS = (
    "Weights for research and demonstration only: they were trained on the data sets named here, "
    "whose owners' terms apply."
)

UNSTATED = ("not stated", "none stated")
"""How a data set says that its owner has given no licence."""


@dataclass(frozen=True, slots=True)
class BundleRequest:
    """What to put into a bundle.

    Attributes:
        sizes_px: Input sizes (width, height); the first is the default.
        release: Version of the model.
        root: Where the data lies.
        set_name: The set that threshold, scores and parity are taken on. None: parity is taken on
            the first with a split, the scores on all with one, and the threshold is what training
            chose on all sets, if it did.
        tolerances_px: Tolerances of the scores, beside the set's own; the threshold is chosen under
            the largest.
        licence: What may be done with the weights; None is what the data sets say, or ``TERMS``.
        road_threshold: A pixel is road when its road is at least this, 0..255; not used where the
            network does not say what is road.
        name: The model's name; None is that of its configuration.
        fp16: Whether there is an FP16 network, for TensorRT.
        int8_precisions: ``int8`` for processors, ``int8-trt`` for TensorRT, both or none.
        int8_may_lack: Leave INT8 out where it finds fewer cracks than FP32, instead of failing.
    """

    sizes_px: tuple[tuple[int, int], ...]
    release: str
    root: Path
    set_name: str | None = None
    tolerances_px: tuple[float, ...] = (5.0, 10.0)
    licence: str | None = None
    road_threshold: int = ROAD_THRESHOLD
    name: str | None = None
    fp16: bool = True
    int8_precisions: tuple[str, ...] = ("int8",)
    int8_may_lack: bool = False


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a bundle says about a network that is not in the network.

    Attributes:
        name: The model's name.
        release: Its version.
        threshold: A pixel is crack when its probability is at least this, 1..255.
        threshold_origin: How it was chosen.
        provenance: Where the weights come from.
        road_threshold: A pixel is road when its road is at least this, 0..255; not used where the
            network does not say what is road.
        metrics: Scores, each with its protocol; they are taken when the networks exist.
    """

    name: str
    release: str
    threshold: int
    threshold_origin: str
    provenance: Provenance
    road_threshold: int = ROAD_THRESHOLD
    metrics: tuple[MetricEntry, ...] = ()


def model_card(
    checkpoint: Checkpoint, net: UNet, request: BundleRequest, data: DataConfig
) -> ModelCard:
    """Choose the threshold of a trained network, and say where it comes from.

    Args:
        checkpoint: Where the network comes from.
        net: The network itself.
        request: What the bundle is to hold.
        data: The set that the threshold is taken on where training chose none.
    """
    threshold, origin = _threshold(checkpoint, net, request, data)
    return ModelCard(
        name=request.name or checkpoint.config.name,
        release=request.release,
        threshold=threshold,
        threshold_origin=origin,
        provenance=_provenance(checkpoint, request),
        road_threshold=request.road_threshold,
    )


def _threshold(
    checkpoint: Checkpoint, net: UNet, request: BundleRequest, data: DataConfig
) -> tuple[int, str]:
    """Return the threshold, and how it was chosen."""
    chosen = checkpoint.metrics.get("threshold")
    if request.set_name is None and isinstance(chosen, int) and 1 <= chosen <= 255:
        return chosen, _origin(checkpoint)
    tolerance = max(request.tolerances_px)
    threshold = ods_threshold(net, data, request.root, tolerance)
    return threshold, f"ODS on {data.name} validation, many-to-one, {tolerance:g} px"


def _origin(checkpoint: Checkpoint) -> str:
    """Return the rule of ``training.validation``, and the sets it was followed on."""
    tolerances_px = {data.name: data.validate_px for data in checkpoint.config.data}
    cracks = [
        f"{name} ({tolerances_px.get(name) or 0:g} px)"
        for name in checkpoint.metrics.get("scores", {})
    ]
    origin = f"highest mean F1 on validation pictures of {', '.join(cracks)}, many-to-one"
    if streets := ", ".join(checkpoint.metrics.get("alarms", {})):
        origin += f", less {ALARM_WEIGHT:g} x the mean share marked on {streets}"
    return origin


def _provenance(checkpoint: Checkpoint, request: BundleRequest) -> Provenance:
    data = tuple(DataEntry(**entry) for entry in checkpoint.data)
    config = checkpoint.config.model_dump(mode="json")
    licence = request.licence or _licence(data)
    return Provenance(config, data, licence, checkpoint.epoch, _commit())


def _licence(data: Sequence[DataEntry]) -> str:
    """Return what may be done with weights that were trained on these sets."""
    if not data or any(not entry.licence or entry.licence.startswith(UNSTATED) for entry in data):
        return TERMS
    return "; ".join(f"{entry.name}: {entry.licence}" for entry in data)


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
