"""From a checkpoint to a bundle that has proved itself, with its scores and where it is from.

The folder appears only when everything in it has been proved: it is made beside its place and
renamed.
"""

from __future__ import annotations

import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgecrack.bundle import DataEntry, MetricEntry, Provenance
from edgecrack.errors import NotHealthyError, SinkError, UsageError
from edgecrack.segmenters import load_segmenter
from edgecrack.selftest import selftest
from export.assembly import Statement, assemble
from export.parity import Parity, compare, require
from training.dataset import part_of, read_pair
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


def write_bundle(checkpoint: Checkpoint, request: BundleRequest, out: Path) -> Parity:
    """Export ``checkpoint`` to the folder ``out`` and prove it.

    Returns:
        How far the exported network is from torch over the validation pictures.

    Raises:
        NotHealthyError: If it is too far; nothing is written then.
        UsageError: If no set of the checkpoint can prove it.
        SinkError: If ``out`` exists or cannot be written.
    """
    if out.exists():
        raise SinkError(f"{out} already exists; give another --out, nothing is ever overwritten.")
    data = _set(checkpoint, request)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as folder:
            build = Path(folder) / "bundle"
            build.mkdir()
            parity = _build(checkpoint, request, data, build)
            build.rename(out)
    except OSError as error:
        raise SinkError(
            f"{out} could not be written ({error.strerror}); make room or give another --out."
        ) from error
    return parity


def _set(checkpoint: Checkpoint, request: BundleRequest) -> DataConfig:
    """Return the set that threshold, parity and scores are taken on."""
    known = {data.name: data for data in checkpoint.config.data if data.split}
    name = request.set_name or next(iter(known), None)
    if name not in known:
        raise UsageError(
            f"the set must be one the checkpoint was trained on with a split, {sorted(known)}, "
            f"not '{name}'; give --set."
        )
    if not part_of(known[name], request.root, "validation"):
        raise UsageError(f"set '{name}' has no validation picture here to prove anything with.")
    return known[name]


def _build(checkpoint: Checkpoint, request: BundleRequest, data: DataConfig, build: Path) -> Parity:
    net = checkpoint.network()
    bundle = assemble(net, request.sizes_px, _statement(checkpoint, net, request, data), build)
    pictures = (read_pair(pair, data)[0] for pair in part_of(data, request.root, "validation"))
    parity = compare(net, load_segmenter(bundle), pictures)
    require(parity)
    found = selftest(bundle)
    if not found.passed:
        raise NotHealthyError(f"the new bundle failed its own self-test: {found.results}.")
    return parity


def _statement(
    checkpoint: Checkpoint, net: UNet, request: BundleRequest, data: DataConfig
) -> Statement:
    tolerance = max(request.tolerances_px)
    return Statement(
        name=checkpoint.config.name,
        release=request.release,
        threshold=ods_threshold(net, data, request.root, tolerance),
        threshold_origin=f"ODS on {data.name} validation, many-to-one, {tolerance:g} px",
        metrics=tuple(_metrics(net, data, request)),
        provenance=_provenance(checkpoint, request),
    )


def _metrics(net: UNet, data: DataConfig, request: BundleRequest) -> Iterator[MetricEntry]:
    for part in ("validation", "test"):
        for found in evaluate(net, data, request.root, part, request.tolerances_px):
            fixed = found.at_threshold or found.ods
            protocol = f"{found.protocol}, threshold {fixed.threshold} from validation"
            yield MetricEntry(f"F1 {found.name}", round(fixed.f1, 4), protocol)


def _provenance(checkpoint: Checkpoint, request: BundleRequest) -> Provenance:
    data = tuple(DataEntry(**each) for each in checkpoint.data)
    config = checkpoint.config.model_dump(mode="json")
    return Provenance(config, data, request.licence, checkpoint.epoch, _commit())


def _commit() -> str:
    """Return the commit of the program's checkout, "unknown" outside one."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()
